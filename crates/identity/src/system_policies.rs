//! The policies that are part of the service.

/// One of the service's own policies.
pub struct SystemPolicy {
    /// Its name.
    pub name: &'static str,
    /// What it allows, in a sentence.
    pub description: &'static str,
    /// What it says, as JSON text.
    pub document: &'static str,
}

/// Every system policy, by name.
pub const SYSTEM_POLICIES: &[SystemPolicy] = &[
    SystemPolicy {
        name: "AdministratorAccess",
        description: "Everything in the account.",
        document: r#"{"Version":"1","Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunECSFullAccess",
        description: "Everything in ECS, and the networks that servers are in.",
        document: r#"{"Version":"1","Statement":[{"Action":"ecs:*","Effect":"Allow","Resource":"*"},{"Action":["vpc:DescribeVpcs","vpc:DescribeVSwitches"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunECSImageExportRolePolicy",
        description: "What ECS needs to write exported images into a bucket.",
        document: r#"{"Version":"1","Statement":[{"Action":["oss:GetObject","oss:PutObject","oss:DeleteObject","oss:GetBucketLocation","oss:GetBucketInfo","oss:AbortMultipartUpload","oss:ListMultipartUploads","oss:ListParts"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunECSImageImportRolePolicy",
        description: "What ECS needs to read disk files from a bucket.",
        document: r#"{"Version":"1","Statement":[{"Action":["oss:GetObject","oss:GetBucketLocation","oss:GetBucketInfo"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunECSReadOnlyAccess",
        description: "Everything in ECS that only reads.",
        document: r#"{"Version":"1","Statement":[{"Action":["ecs:Describe*","ecs:List*","vpc:DescribeVpcs","vpc:DescribeVSwitches"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunOSSFullAccess",
        description: "Everything in OSS.",
        document: r#"{"Version":"1","Statement":[{"Action":"oss:*","Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunOSSReadOnlyAccess",
        description: "Everything in OSS that only reads.",
        document: r#"{"Version":"1","Statement":[{"Action":["oss:Get*","oss:List*"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunRAMFullAccess",
        description: "Everything in RAM.",
        document: r#"{"Version":"1","Statement":[{"Action":"ram:*","Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunRAMReadOnlyAccess",
        description: "Everything in RAM that only reads.",
        document: r#"{"Version":"1","Statement":[{"Action":["ram:Get*","ram:List*"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSTSAssumeRoleAccess",
        description: "Assume roles.",
        document: r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSWASFullAccess",
        description: "Everything in Simple Application Server.",
        document: r#"{"Version":"1","Statement":[{"Action":["swas:*","swas-open:*"],"Effect":"Allow","Resource":"*"}]}"#,
    },
    SystemPolicy {
        name: "AliyunSWASReadOnlyAccess",
        description: "Everything in Simple Application Server that only reads.",
        document: r#"{"Version":"1","Statement":[{"Action":["swas:List*","swas:Describe*","swas:Get*","swas-open:List*","swas-open:Describe*","swas-open:Get*"],"Effect":"Allow","Resource":"*"}]}"#,
    },
];

/// The system policy with this name.
pub fn find(name: &str) -> Option<&'static SystemPolicy> {
    SYSTEM_POLICIES.iter().find(|policy| policy.name == name)
}

/// What the system policy with this name says.
pub fn document(name: &str) -> Option<&'static str> {
    find(name).map(|policy| policy.document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_parses_and_they_stand_in_order() {
        for policy in SYSTEM_POLICIES {
            policy::Document::parse(policy::Kind::Identity, policy.document).expect(policy.name);
        }
        assert!(SYSTEM_POLICIES.is_sorted_by_key(|policy| policy.name));
    }
}
