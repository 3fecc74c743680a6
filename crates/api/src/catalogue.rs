//! What this deployment offers: regions, zones and where its doors are.

use model::RegionId;

/// Regions, zones and endpoints.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Regions that are served, the default one first.
    pub regions: Vec<RegionId>,
    /// Regions among them that neither import nor export images.
    pub without_import: Vec<RegionId>,
    /// `host:port` of the RPC door.
    pub endpoint: String,
    /// `host:port` of the OSS door.
    pub oss_endpoint: String,
}

/// Names of regions in Chinese, English and Japanese (DescribeRegions, `LocalName`).
const NAMES: &[(&str, [&str; 3])] = &[
    ("cn-hangzhou", ["华东1（杭州）", "China (Hangzhou)", "中国 (杭州)"]),
    ("cn-shanghai", ["华东2（上海）", "China (Shanghai)", "中国 (上海)"]),
    ("cn-beijing", ["华北2（北京）", "China (Beijing)", "中国 (北京)"]),
    ("cn-shenzhen", ["华南1（深圳）", "China (Shenzhen)", "中国 (深セン)"]),
    ("cn-hongkong", ["中国香港", "China (Hong Kong)", "中国 (香港)"]),
    ("ap-southeast-1", ["新加坡", "Singapore", "シンガポール"]),
    ("us-west-1", ["美国（硅谷）", "US (Silicon Valley)", "米国 (シリコンバレー)"]),
];

impl Catalogue {
    /// The region of calls that name none.
    pub fn default_region(&self) -> &RegionId {
        self.regions.first().expect("the configuration names at least one region")
    }

    /// Whether a region is served.
    pub fn serves(&self, region: &RegionId) -> bool {
        self.regions.contains(region)
    }

    /// Whether images come into a region and leave it as files.
    pub fn moves_images(&self, region: &RegionId) -> bool {
        !self.without_import.contains(region)
    }

    /// A region's name in `zh-CN`, `en-US` or `ja`; its id where no name is known.
    pub fn local_name<'a>(&self, region: &'a RegionId, language: &str) -> &'a str {
        let column = match language {
            "en-US" => 1,
            "ja" => 2,
            _ => 0,
        };
        NAMES.iter().find(|(id, _)| *id == region.as_str()).map_or(region.as_str(), |(_, names)| names[column])
    }

    /// The zones of a region.
    pub fn zones(&self, region: &RegionId) -> Vec<String> {
        // Ids of regions outside China end in a digit, and their zones' letters follow without a hyphen.
        let separator = if region.as_str().ends_with(|c: char| c.is_ascii_digit()) { "" } else { "-" };
        ["a", "b"].iter().map(|letter| format!("{region}{separator}{letter}")).collect()
    }
}

/// Languages in which names are known.
pub const LANGUAGES: [&str; 3] = ["zh-CN", "en-US", "ja"];
