//! Call control: joins SIP, media, IVR and ACD for each call and folds its record.
