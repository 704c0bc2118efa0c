//! The roles that every center begins with. All but one can be changed.

use crate::Permission::{
    AgentsLead, AgentsSee, AgentsSteer, AuditSee, CallsBarge, CallsControl, CallsListen, CallsSee,
    CallsTakeOver, CallsWhisper, ConfigEdit, ConfigSecrets, ConfigSee, CustomersEdit, CustomersExport,
    CustomersSee, FlowsEdit, FlowsSee, HoursSee, HoursSet, MessagesErase, MessagesSee, NumbersSee,
    PromptsEdit, PromptsSee, QueuesSee, QueuesSteer, RecordingsDownload, RecordingsPlay, RecordsExport,
    RecordsSee, ReportsSee, RolesManage, SoftphoneUse, SystemManage, SystemSee, TraceSee, UsersManage,
};
use crate::Scope::{All, Own, Team};
use crate::{Grants, Permission, Scope};

/// The role that may do everything, always. It cannot be changed, so that nobody locks everybody out.
pub const ADMIN: &str = "admin";

/// A role as a new center has it.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInRole {
    /// How users and configuration name it.
    pub name: &'static str,
    /// How people name it.
    pub label: &'static str,
    /// False for programs, which have tokens and no pages.
    pub pages: bool,
    granted: &'static [(Scope, &'static [Permission])],
}

impl BuiltInRole {
    /// What it allows.
    #[must_use]
    pub fn grants(&self) -> Grants {
        if self.name == ADMIN {
            return Grants::everything();
        }
        let granted = self.granted.iter();
        granted.flat_map(|(scope, of)| of.iter().map(|permission| (*permission, *scope))).collect()
    }
}

/// The roles that every center begins with, from the least to the most.
pub const BUILT_IN: [BuiltInRole; 7] = [
    BuiltInRole {
        name: "agent",
        label: "Agent",
        pages: true,
        granted: &[
            (Own, &[CallsSee, QueuesSee, AgentsSee, AgentsSteer, RecordsSee, RecordingsPlay]),
            (Own, &[MessagesSee, MessagesErase, NumbersSee, SoftphoneUse]),
            (All, &[CustomersSee, CustomersEdit]),
        ],
    },
    BuiltInRole {
        name: "team_leader",
        label: "Team leader",
        pages: true,
        granted: &[
            (Team, &[CallsSee, CallsControl, CallsListen, CallsWhisper, CallsBarge, CallsTakeOver]),
            (Team, &[QueuesSee, QueuesSteer, AgentsSee, AgentsSteer, AgentsLead]),
            (Team, &[RecordsSee, RecordingsPlay, MessagesSee, MessagesErase, NumbersSee, ReportsSee]),
            (Own, &[SoftphoneUse]),
            (All, &[CustomersSee, CustomersEdit, HoursSee]),
        ],
    },
    BuiltInRole {
        name: "supervisor",
        label: "Supervisor",
        pages: true,
        granted: &[
            (All, &[CallsSee, CallsControl, CallsListen, CallsWhisper, CallsBarge, CallsTakeOver]),
            (All, &[QueuesSee, QueuesSteer, AgentsSee, AgentsSteer, AgentsLead]),
            (
                All,
                &[RecordsSee, RecordsExport, RecordingsPlay, RecordingsDownload, MessagesSee, MessagesErase],
            ),
            (All, &[NumbersSee, ReportsSee, CustomersSee, CustomersEdit, HoursSee, HoursSet]),
            (All, &[FlowsSee, PromptsSee, SystemSee]),
            (Own, &[SoftphoneUse]),
        ],
    },
    BuiltInRole {
        name: "quality",
        label: "Quality",
        pages: true,
        granted: &[
            (All, &[CallsSee, CallsListen, QueuesSee, AgentsSee, RecordsSee, RecordingsPlay]),
            (All, &[RecordingsDownload, ReportsSee]),
        ],
    },
    BuiltInRole {
        name: "api_client",
        label: "API client",
        pages: false,
        granted: &[
            (All, &[CallsSee, QueuesSee, AgentsSee, RecordsSee, NumbersSee, ReportsSee]),
            (All, &[CustomersSee, CustomersEdit, CustomersExport, HoursSee]),
        ],
    },
    BuiltInRole {
        name: "system_admin",
        label: "System administrator",
        pages: true,
        granted: &[
            (
                All,
                &[
                    SystemSee,
                    SystemManage,
                    TraceSee,
                    ConfigSee,
                    ConfigEdit,
                    ConfigSecrets,
                    FlowsSee,
                    FlowsEdit,
                    HoursSee,
                    HoursSet,
                ],
            ),
            (All, &[UsersManage, RolesManage, AuditSee, QueuesSee, AgentsSee, PromptsSee, PromptsEdit]),
        ],
    },
    BuiltInRole { name: ADMIN, label: "Administrator", pages: true, granted: &[] },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(name: &str) -> Grants {
        BUILT_IN.iter().find(|role| role.name == name).unwrap().grants()
    }

    #[test]
    fn each_leading_role_covers_the_one_below() {
        assert!(grants("supervisor").cover(&grants("team_leader")));
        assert!(grants("team_leader").cover(&grants("agent")));
        for role in &BUILT_IN {
            assert!(grants(ADMIN).cover(&role.grants()) && !role.grants().is_empty(), "{}", role.name);
        }
    }

    #[test]
    fn whoever_runs_the_machine_neither_hears_nor_reads_customers() {
        let machine = grants("system_admin");
        for hidden in [RecordingsPlay, RecordsSee, CustomersSee, NumbersSee, MessagesSee, CallsSee] {
            assert_eq!(machine.scope(hidden), None, "{hidden:?}");
        }
    }
}
