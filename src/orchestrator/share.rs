//! Which tools a model is told of that takes fewer than are connected: a fair share of every server's.

use std::collections::HashMap;
use std::sync::Arc;

use crate::protocol::{ServerName, ToolDefinition};

/// At most `most` of the tools, in their order. If there are more, every server has as many as any other, as far as it has
/// them, and its first ones: one with a long list costs no other its tools.
#[must_use]
pub(super) fn fair_share(tools: &Arc<[ToolDefinition]>, most: usize) -> Arc<[ToolDefinition]> {
    if tools.len() <= most {
        return Arc::clone(tools);
    }
    let mut seen: HashMap<&ServerName, usize> = HashMap::new();
    let mut ranked: Vec<(usize, usize)> = Vec::with_capacity(tools.len());
    for (position, tool) in tools.iter().enumerate() {
        let rank = seen.entry(&tool.server).or_default();
        ranked.push((*rank, position));
        *rank += 1;
    }
    ranked.sort_unstable();
    ranked.truncate(most);
    ranked.sort_unstable_by_key(|(_, position)| *position);
    ranked.into_iter().map(|(_, position)| tools[position].clone()).collect()
}

/// How many tools of each server are not among the `offered` ones, in lane order; servers without any such are left out.
#[must_use]
pub(super) fn left_out(tools: &[ToolDefinition], offered: &[ToolDefinition]) -> Vec<(ServerName, usize)> {
    let of = |tools: &[ToolDefinition], server: &ServerName| tools.iter().filter(|tool| tool.server == *server).count();
    let mut servers: Vec<&ServerName> = tools.iter().map(|tool| &tool.server).collect();
    servers.dedup();
    let left = servers.into_iter().map(|server| (server.clone(), of(tools, server) - of(offered, server)));
    left.filter(|(_, left)| *left > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Annotations, Json};

    fn tools(server: &str, many: usize) -> Vec<ToolDefinition> {
        let tool = |number| ToolDefinition {
            model_name: format!("{server}__t{number}"),
            server: server.into(),
            tool: format!("t{number}").into(),
            title: None,
            description: String::new(),
            input_schema: Json::default(),
            output_schema: None,
            annotations: Annotations::default(),
            believed: false,
            hash: String::new(),
        };
        (0..many).map(tool).collect()
    }

    #[test]
    fn a_server_with_a_long_list_costs_no_other_its_tools() {
        let all = [tools("small", 4), tools("flood", 300), tools("big", 60), tools("last", 2)].concat().into();
        let offered = fair_share(&all, 128);
        let names: Vec<&str> = offered.iter().map(|tool| tool.model_name.as_str()).collect();
        let of = |server: &str| names.iter().filter(|name| name.starts_with(server)).count();
        assert_eq!([of("small"), of("flood"), of("big"), of("last")], [4, 62, 60, 2]);
        assert_eq!([names[3], names[4], names[65], names[66]], ["small__t3", "flood__t0", "flood__t61", "big__t0"]);
        assert_eq!(left_out(&all, &offered), [("flood".into(), 238)]);
    }

    #[test]
    fn what_fits_is_offered_whole() {
        let all = [tools("a", 3), tools("b", 1)].concat().into();
        let offered = fair_share(&all, 4);
        assert!(Arc::ptr_eq(&all, &offered) && left_out(&all, &offered).is_empty());
    }
}
