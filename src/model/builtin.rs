//! stub
use super::*;
pub const EXAMPLES: [&str; 7] = ["", "", "", "", "", "", ""];
pub struct BuiltIn;
impl BuiltIn {
    pub const NAME: &str = "built-in";
    pub fn load(_: Option<&std::path::Path>) -> Result<Self, String> {
        Err("stub".into())
    }
}
impl Model for BuiltIn {
    fn name(&self) -> &str {
        "built-in"
    }
    fn request(&self, _: Request, _: mpsc::Sender<Delta>) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>> {
        unreachable!()
    }
}
