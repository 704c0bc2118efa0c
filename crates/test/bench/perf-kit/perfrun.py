#!/usr/bin/env python3
"""One load run against a telephony server that is already running.

  perfrun.py --pid PID --ext ivr --calls 100 --rate 10 [--media] [--window 20] ...

Agents (SIPp UAS, 127.0.0.3:5070), trunk (SIPp UAC, 127.0.0.2:5061), media of both sides by rtpblast
(127.0.0.2:6000 and 127.0.0.3:6000).  The server is 127.0.0.1:5060 unless --server says otherwise.

Mode "hold" (default): brings up CALLS calls at RATE calls/s, waits SETTLE s, measures for WINDOW s, lets SIPp end.
Mode "rate": calls of --dur ms at RATE calls/s for WINDOW s in all (no steady state needed), media optional.
Prints one JSON line with the figures.
"""
import argparse, csv, json, os, signal, subprocess, sys, time, glob
ap = argparse.ArgumentParser()
ap.add_argument('--pid', type=int, required=True)
ap.add_argument('--server', default='127.0.0.1:5060')
ap.add_argument('--ext', default='ivr')
ap.add_argument('--mode', default='hold')
ap.add_argument('--calls', type=int, default=50)
ap.add_argument('--rate', type=float, default=10)
ap.add_argument('--dur', type=int, default=0)
ap.add_argument('--settle', type=float, default=5)
ap.add_argument('--window', type=float, default=20)
ap.add_argument('--media', action='store_true')
ap.add_argument('--uac', default='uac_call.xml')
ap.add_argument('--uas', default='uas_agent.xml')
ap.add_argument('--agentdelay', type=int, default=0)
ap.add_argument('--agentcodec', default='0,PCMU')
ap.add_argument('--agents', type=int, default=1, help='0: no UAS')
ap.add_argument('--label', default='')
ap.add_argument('--sides', default='127.0.0.2:6000,127.0.0.3:6000')
ap.add_argument('--blastargs', default='')
ap.add_argument('--tmp', default=os.environ.get('PERF_DIR', '.') + '/run')
ap.add_argument('--extra', default='')
ap.add_argument('--uacextra', default='')
a = ap.parse_args()
KIT = os.path.dirname(os.path.abspath(__file__))
BL = os.environ.get('RTPBLAST', os.environ.get('PERF_DIR', '.') + '/rtpblast')
os.makedirs(a.tmp, exist_ok=True)
for f in glob.glob(a.tmp + '/*'): os.remove(f)
HZ = os.sysconf('SC_CLK_TCK'); procs = []
def cpu(pid):
    s = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split(); return (int(s[11]) / HZ, int(s[12]) / HZ)
def mem(pid):
    d = {}
    for l in open(f'/proc/{pid}/status'):
        if l.startswith(('VmRSS', 'Threads')): d[l.split(':')[0]] = int(l.split()[1])
    d['fds'] = len(os.listdir(f'/proc/{pid}/fd')); return d
def sysstat():
    v = [int(x) for x in open('/proc/stat').readline().split()[1:9]]; return v
def udperr():
    L = [l.split() for l in open('/proc/net/snmp') if l.startswith('Udp:')]
    d = dict(zip(L[0][1:], map(int, L[1][1:]))); return d['RcvbufErrors'], d['InErrors'], d['InDatagrams'], d['SndbufErrors']
def start(cmd, out):
    p = subprocess.Popen(cmd, stdout=open(a.tmp + '/' + out, 'w'), stderr=subprocess.STDOUT, cwd=a.tmp, stdin=subprocess.DEVNULL); procs.append(p); return p
def stats(f):
    g = glob.glob(a.tmp + '/' + f)
    if not g: return {}
    rows = list(csv.reader(open(g[0]), delimiter=';'))
    return dict(zip(rows[0], rows[-1])) if len(rows) > 1 else {}
def blast_lines(lo, hi):
    r = []
    for l in open(a.tmp + '/blast.out'):
        try: d = json.loads(l)
        except Exception: continue
        if lo < d['t'] <= hi: r.append(d)
    return r
def blast_t():
    try:
        L = open(a.tmp + '/blast.out').read().strip().splitlines(); return json.loads(L[-1])['t']
    except Exception: return 0
res = {'label': a.label, 'ext': a.ext, 'mode': a.mode, 'rate': a.rate}
try:
    m0 = mem(a.pid)
    if a.media:
        b = start([BL] + a.blastargs.split() + a.sides.split(','), 'blast.out')
    pt, codec = a.agentcodec.split(',')
    if a.agents:
        uas = start(['sipp', '-sf', f'{KIT}/{a.uas}', '-i', '127.0.0.3', '-p', '5070', '-mi', '127.0.0.3', '-mp', '7000', '-key', 'rtpport', '6000', '-key', 'pt', pt, '-key', 'codec', codec, '-d', str(a.agentdelay), '-nostdin', '-buff_size', '4000000', '-trace_stat', '-stf', a.tmp + '/uas.csv', '-fd', '1', '-trace_err', '-error_file', a.tmp + '/uas.err', '-aa'], 'uas.out')
    time.sleep(1)
    ramp = a.calls / a.rate
    if a.mode == 'hold':
        dur = int((ramp + a.settle + a.window + 3) * 1000); n = a.calls; lim = a.calls + 10
    else:
        dur = a.dur; n = int(a.rate * a.window); lim = a.calls if a.calls != 50 else 15000
    cmd = ['sipp', a.server, '-sf', f'{KIT}/{a.uac}', '-i', '127.0.0.2', '-p', '5061', '-mi', '127.0.0.2', '-mp', '7000', '-key', 'rtpport', '6000', '-key', 'ext', a.ext,
           '-r', str(a.rate), '-m', str(n), '-l', str(lim), '-d', str(dur), '-nostdin', '-buff_size', '4000000', '-trace_stat', '-stf', a.tmp + '/uac.csv', '-fd', '1', '-trace_err', '-error_file', a.tmp + '/uac.err',
           '-trace_rtt', '-rtt_freq', '1', '-timeout', str(int(ramp + a.window + a.settle + dur / 1000 + 40)), '-timeout_error'] + a.uacextra.split()
    c_ramp = cpu(a.pid)
    uac = start(cmd, 'uac.out')
    ck = {}
    if a.mode == 'hold':
        time.sleep(ramp + a.settle)
        res['mem_start'] = m0
    else: time.sleep(1)
    t0 = time.time(); c0 = cpu(a.pid); s0 = sysstat(); u0 = udperr(); bt0 = blast_t() if a.media else 0
    g0 = [cpu(p.pid) for p in procs if p.poll() is None]
    w = a.window if a.mode == 'hold' else max(3, a.window - 2)
    time.sleep(w)
    t1 = time.time(); c1 = cpu(a.pid); s1 = sysstat(); u1 = udperr(); bt1 = blast_t() if a.media else 0
    g1 = [cpu(p.pid) for p in procs if p.poll() is None]
    res['mem_end'] = mem(a.pid)
    dt = t1 - t0
    st = stats('uac.csv'); res['current_calls'] = int(st.get('CurrentCall', 0) or 0)
    res['cpu_user'] = round(c1[0] - c0[0], 2); res['cpu_sys'] = round(c1[1] - c0[1], 2); res['secs'] = round(dt, 2)
    tot = res['cpu_user'] + res['cpu_sys']; res['cpu_cores'] = round(tot / dt, 3)
    ds = [y - x for x, y in zip(s0, s1)]; T = sum(ds) or 1
    res['sys_busy_pct'] = round(100 * (T - ds[3] - ds[4]) / T, 1); res['steal_pct'] = round(100 * ds[7] / T, 2)
    res['gen_cores'] = round(sum(y[0] + y[1] - x[0] - x[1] for x, y in zip(g0, g1)) / dt, 3)
    res['foreign_cores'] = round(os.cpu_count() * res['sys_busy_pct'] / 100 - res['cpu_cores'] - res['gen_cores'], 2)
    res['udp_rcvbuf_err'] = u1[0] - u0[0]; res['udp_in'] = u1[2] - u0[2]
    if a.media:
        L = blast_lines(bt0, bt1); k = len(L) or 1
        tx = sum(s['tx'] for d in L for s in d['sides']); rxm = sum(s['rxm'] for d in L for s in d['sides']); rx = sum(s['rx'] for d in L for s in d['sides'])
        lost = sum(s['lost'] for d in L for s in d['sides']); wl = sum(d['wall'] for d in L) or 1
        res['gen_skipped_ms'] = sum(d['skipped_ms'] for d in L)
        res.update(legs=[s['legs'] for s in L[-1]['sides']] if L else [], tx_pps=round(tx / wl), rx_pps=round(rx / wl), rxm_pps=round(rxm / wl), loss_pct=round(100 * lost / max(1, lost + rxm), 4), unheard_pct=round(100 * (1 - rx / max(1, tx)), 3),
                   owd_p50=sorted(d['owd_p50'] for d in L)[k // 2] if L else None, owd_p99=sorted(d['owd_p99'] for d in L)[k // 2] if L else None, owd_p99_worst=max(d['owd_p99'] for d in L) if L else None, owd_max=max(d['owd_max'] for d in L) if L else None,
                   gen_late_ms=max(d['selflate_us'] for d in L) / 1000 if L else None, txerr=sum(s['txerr'] for d in L for s in d['sides']))
    if a.mode == 'hold' and res['current_calls']: res['cpu_ms_per_call_s'] = round(1000 * tot / dt / a.calls, 3)
    if a.mode == 'rate': time.sleep(0.1); 
    try: uac.wait(timeout=(dur / 1000 + 45))
    except subprocess.TimeoutExpired: res['uac_timeout'] = True
    st = stats('uac.csv')
    for k_, n_ in (('SuccessfulCall(C)', 'ok'), ('FailedCall(C)', 'failed'), ('Retransmissions(C)', 'retrans'), ('CallRate(C)', 'rate_cum'), ('ElapsedTime(C)', 'elapsed'), ('TotalCallCreated', 'created'), ('FailedCallRejected(C)','rejected')):
        if k_ in st: res[n_] = st[k_]
    if a.mode == 'rate':
        # CPU per completed call over the window: calls created in the window = rate * dt (checked against SIPp)
        time.sleep(1); c2 = cpu(a.pid); n_ok = int(res.get('ok') or 0)
        res['cpu_ms_per_call'] = round(1000 * (c2[0] + c2[1] - c_ramp[0] - c_ramp[1]) / max(1, n_ok), 2)
    rt = []
    for f in glob.glob(a.tmp + '/*_rtt.csv') + glob.glob(KIT + '/*_rtt.csv'):
        for l in open(f):
            p = l.strip().split(';')
            try: rt.append(float(p[1]))
            except Exception: pass
        if KIT in f: os.remove(f)
    rt.sort()
    if rt: res['rtt_ms'] = {'n': len(rt), 'p50': rt[len(rt) // 2], 'p90': rt[int(len(rt) * .9)], 'p99': rt[int(len(rt) * .99)], 'max': rt[-1]}
    res['mem_after'] = mem(a.pid)
finally:
    for p in procs:
        if p.poll() is None: p.send_signal(signal.SIGTERM if 'rtpblast' in p.args[0] else signal.SIGKILL)
    for p in procs: p.wait()
print(json.dumps(res))
