using System.CommandLine;

namespace RocketOps.Cli.Output;

/// <summary>Options that most commands share.</summary>
internal static class CommonOptions
{
    public static Option<string> NameServers() => new("--name-servers", "-n")
    {
        Description = "Name servers, host:port;host:port (or the environment variable NAMESRV_ADDR, as for RocketMQ's clients)",
        HelpName = "ADDRESSES",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("NAMESRV_ADDR") is { Length: > 0 } given ? given : "127.0.0.1:9876",
    };
}
