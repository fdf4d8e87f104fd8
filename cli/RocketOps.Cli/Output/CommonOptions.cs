using System.CommandLine;
using System.CommandLine.Parsing;
using RocketOps.Cli.Up;

namespace RocketOps.Cli.Output;

/// <summary>Options that most commands share.</summary>
internal static class CommonOptions
{
    public static Option<string> NameServers() => new("--name-servers", "-n")
    {
        Description = "Name servers, host:port;host:port; else NAMESRV_ADDR, else the cluster of a running rocketops up, else 127.0.0.1:9876",
        HelpName = "ADDRESSES",
        DefaultValueFactory = Default,
    };

    private static string Default(ArgumentResult result)
    {
        (string? address, string? problem) = DefaultNameServers.Choose(Environment.GetEnvironmentVariable("NAMESRV_ADDR"), RunningUp.FindAll(RunningUp.StateFolder()));
        if (problem is not null)
        {
            result.AddError(problem);
        }

        return address ?? DefaultNameServers.Usual;
    }
}
