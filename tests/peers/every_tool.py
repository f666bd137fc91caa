"""Lists and calls every tool of one bundled server with the official Python client.

usage: every_tool.py MODE PROGRAM SERVER CALLS
MODE is `legacy` (initialize) or `auto` (modern where the server speaks it), CALLS a JSON object of tool name to arguments.
Prints one JSON object: the protocol version, and for every tool whether its result was an error and has structured content.
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    mode, program, server, calls = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
    parameters = StdioServerParameters(command=program, args=["serve", server])
    async with Client(parameters, mode=mode, read_timeout_seconds=300) as client:
        listed = await client.list_tools()
        tools = {}
        for tool in listed.tools:
            result = await client.call_tool(tool.name, calls.get(tool.name, {}))
            tools[tool.name] = {
                "is_error": bool(result.is_error),
                "structured": result.structured_content is not None,
                "read_only": bool(tool.annotations and tool.annotations.read_only_hint),
            }
        print(json.dumps({"protocol": client.protocol_version, "tools": tools}))


asyncio.run(main())
