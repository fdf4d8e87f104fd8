using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

namespace RocketOps.Cli.Contexts;

/// <summary>Options that most commands share.</summary>
internal static class CommonOptions
{
    public static Option<string> NameServers()
    {
        Option<string> option = new("--name-servers", "-n")
        {
            Description = "Name servers, host:port;host:port, or a context; else NAMESRV_ADDR, else the current context, else the cluster of a running rocketops up, else 127.0.0.1:9876",
            HelpName = "ADDRESSES",
            CustomParser = Given,
            DefaultValueFactory = Default,
        };
        option.CompletionSources.Add(static _ => ContextFile.OfThisUser().NameServers.Keys.Select(static name => new CompletionItem(name)));
        return option;
    }

    /// <summary>The same for a command that does something else where they are not given: null then.</summary>
    public static Option<string?> NameServersIfGiven(string description)
    {
        Option<string?> option = new("--name-servers", "-n") { Description = description, HelpName = "ADDRESSES", CustomParser = Given };
        option.CompletionSources.Add(static _ => ContextFile.OfThisUser().NameServers.Keys.Select(static name => new CompletionItem(name)));
        return option;
    }

    /// <summary>Addresses as they are, a context by its name.</summary>
    private static string? Given(ArgumentResult result)
    {
        string given = result.Tokens[0].Value;
        if (given.Contains(':', StringComparison.Ordinal))
        {
            if (NameServerList.FindProblem(given) is { } problem)
            {
                result.AddError($"-n: {problem}");
            }

            return given;
        }

        if (ContextFile.OfThisUser().NameServers.TryGetValue(given, out string? addresses))
        {
            if (NameServerList.FindProblem(addresses) is { } ofContext)
            {
                result.AddError($"context {given}: {ofContext}");
            }

            return addresses;
        }

        // With the tools of others -n is how many.
        bool isCount = given.All(char.IsAsciiDigit) && result.Parent?.Parent is CommandResult { Command: { } command } && command.Options.Any(static option => option.Name == "--count");
        result.AddError($"-n takes addresses, HOST:PORT, or the name of a context, not \"{given}\".{(isCount ? $" So many messages: --count {given}." : string.Empty)}");
        return null;
    }

    private static string Default(ArgumentResult result)
    {
        string? environment = Environment.GetEnvironmentVariable("NAMESRV_ADDR");
        (string? address, string? problem) = DefaultNameServers.Choose(environment, ContextFile.OfThisUser(), () => UpInstance.FindAll(UpInstance.StateFolder()));
        if (address is not null && NameServerList.FindProblem(address) is { } malformed)
        {
            problem = $"{(string.IsNullOrEmpty(environment) ? "the current context" : "NAMESRV_ADDR")}: {malformed}";
        }

        if (problem is not null)
        {
            result.AddError(problem);
        }

        return address ?? DefaultNameServers.Usual;
    }
}
