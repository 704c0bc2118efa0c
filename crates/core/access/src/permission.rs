//! Everything that can be allowed, in one table: the word that is stored and sent, whether it can be limited to oneself or a
//! team, and what it means.

macro_rules! permissions {
    ($($(#[doc = $doc:literal])+ $name:ident $word:literal $reach:ident $en:literal $zh:literal;)+) => {
        /// Something that somebody may do. A role grants each for a [`Scope`](crate::Scope).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Permission {
            /// All of them, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word in roles, in the database and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it means, in English.
            #[must_use]
            pub const fn meaning_en(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }

            /// What it means, in Chinese.
            #[must_use]
            pub const fn meaning_zh(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }

            /// Whether it can be limited to oneself or to teams. If not, it is granted for all or not at all.
            #[must_use]
            pub const fn is_scoped(self) -> bool {
                match self { $(Self::$name => permissions!(@ $reach),)+ }
            }
        }
    };
    (@ scoped) => { true };
    (@ whole) => { false };
}

permissions! {
    /// Living calls.
    CallsSee "calls.see" scoped "See calls that are up" "查看进行中的通话";
    /// Acts on calls of others.
    CallsControl "calls.control" scoped "End, transfer and hold the calls of others" "结束、转接、保持他人的通话";
    /// Silent listening.
    CallsListen "calls.listen" scoped "Listen to calls unheard" "静默监听通话";
    /// Speaking to the agent alone.
    CallsWhisper "calls.whisper" scoped "Speak to the agent of a call, unheard by the caller" "对坐席耳语（来电者听不到）";
    /// Joining in.
    CallsBarge "calls.barge" scoped "Join a call, heard by both sides" "强插通话";
    /// Taking the agent's place.
    CallsTakeOver "calls.take_over" scoped "Take a call over from its agent" "接管坐席的通话";
    /// Who waits.
    QueuesSee "queues.see" scoped "See how many wait, and within the scope who, and who wants to be called back" "查看排队人数；在范围内查看排队者和回拨请求";
    /// Acts on who waits.
    QueuesSteer "queues.steer" scoped "Move, assign, prioritise and withdraw callers in line, close call-backs, share staff" "移动、指派、优先、撤出排队来电，关闭回拨，合并人员";
    /// Agents and their states.
    AgentsSee "agents.see" scoped "See agents, their states and where their time went" "查看坐席、状态及时间分布";
    /// An agent's own acts.
    AgentsSteer "agents.steer" scoped "Set an agent's state and device, after-call work, ask for help, say what became of a call" "设置坐席状态和设备、话后处理、求助、填写通话结果";
    /// What leaders do with agents.
    AgentsLead "agents.lead" scoped "Answer agents' calls for help, book faults beside their time, write to their phones" "响应坐席求助、补记系统故障、向话机发消息";
    /// Call records.
    RecordsSee "records.see" scoped "See call records" "查看通话记录";
    /// Many records at once.
    RecordsExport "records.export" scoped "Export call records" "导出通话记录";
    /// Listening to recordings.
    RecordingsPlay "recordings.play" scoped "Listen to recordings" "收听录音";
    /// Keeping a copy.
    RecordingsDownload "recordings.download" scoped "Download recordings" "下载录音";
    /// Deleting.
    RecordingsErase "recordings.erase" scoped "Erase recordings" "删除录音";
    /// The address book.
    CustomersSee "customers.see" whole "Look into the address book" "查看客户";
    /// Changing it.
    CustomersEdit "customers.edit" whole "Add and change customers" "添加和修改客户";
    /// All of it at once.
    CustomersExport "customers.export" whole "Export the address book" "导出客户";
    /// Messages of callers.
    MessagesSee "messages.see" scoped "Hear and mark messages of callers" "收听和标记来电留言";
    /// Deleting them.
    MessagesErase "messages.erase" scoped "Delete messages of callers" "删除来电留言";
    /// Telephone numbers in full.
    NumbersSee "numbers.see" scoped "Read telephone numbers in full; else the last three digits" "查看完整电话号码；否则只显示后三位";
    /// Reports.
    ReportsSee "reports.see" scoped "See reports" "查看报表";
    /// One's own phone.
    SoftphoneUse "softphone.use" scoped "Use the agent's phone: dial, answer, hold, transfer, pause the recording" "使用坐席电话：拨号、接听、保持、转接、暂停录音";
    /// Flows.
    FlowsSee "flows.see" whole "See, check and test flows" "查看、检查、测试流程";
    /// Changing them.
    FlowsEdit "flows.edit" whole "Change flows" "修改流程";
    /// The sounds that flows play.
    PromptsSee "prompts.see" whole "Hear prompts and music" "收听提示音和音乐";
    /// Changing them.
    PromptsEdit "prompts.edit" whole "Upload and delete prompts and music" "上传和删除提示音和音乐";
    /// Opening hours.
    HoursSee "hours.see" whole "See opening hours" "查看营业时间";
    /// Opening and closing by hand.
    HoursSet "hours.set" whole "Open and close by hand" "手动开放和关闭";
    /// The center's configuration.
    ConfigSee "config.see" whole "See and check the configuration, without passwords" "查看和检查配置（不含密码）";
    /// Changing it.
    ConfigEdit "config.edit" whole "Change the configuration" "修改配置";
    /// Its passwords.
    ConfigSecrets "config.secrets" whole "Read the passwords of phones and trunks" "查看话机和中继的密码";
    /// People.
    UsersManage "users.manage" scoped "Add, change, lock, unlock and sign out users" "添加、修改、锁定、解锁、注销用户";
    /// Roles.
    RolesManage "roles.manage" whole "Change roles" "修改角色";
    /// The audit log.
    AuditSee "audit.see" whole "Read the audit log" "查看审计日志";
    /// What was on the wire.
    TraceSee "trace.see" whole "Read the SIP messages of calls" "查看通话的 SIP 消息";
    /// How the server is.
    SystemSee "system.see" whole "See alarms, counters, trunks, who is not heard, metrics" "查看告警、计数、中继、被屏蔽来源、指标";
    /// Acts on the server.
    SystemManage "system.manage" whole "Let blocked sources be heard again and act on the server" "解除屏蔽并管理服务器";
}

impl Permission {
    /// The permission of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_are_one_of_a_kind() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
            assert!(permission.as_str().contains('.') && !permission.meaning_zh().is_empty());
        }
        assert_eq!(Permission::parse("calls"), None);
    }
}
