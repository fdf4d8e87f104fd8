using System.CommandLine;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Contexts;

/// <summary><c>rocketops context</c>: names for clusters, and the one that is meant by default.</summary>
internal static class ContextCommand
{
    private const string AllowedLetters = "a-z, A-Z, 0-9, _, - and .";

    public static Command Create(Shell shell) => new("context", "Give clusters names, choose the one that commands mean")
    {
        List(shell),
        Set(shell),
        Use(shell),
        Delete(shell),
    };

    private static DocumentedCommand List(Shell shell)
    {
        DocumentedCommand command = new("list", "Contexts with their name servers; the current one is marked", "rocketops context list");
        ListingOptions listing = new(command, canWatch: false);
        command.SetAction((parsed, cancellation) => listing.ShowAsync(
            shell,
            parsed,
            static () =>
            {
                ContextFile file = ContextFile.OfThisUser();
                Listing found = new("current", "context", "nameServers") { Empty = "there is no context yet: rocketops context set NAME HOST:PORT" };
                foreach ((string name, string addresses) in file.NameServers)
                {
                    found.Add(name == file.Current, name, addresses);
                }

                return Task.FromResult<(IPresentation, int)>((found, ExitCodes.Success));
            },
            cancellation));
        return command;
    }

    private static DocumentedCommand Set(Shell shell)
    {
        Argument<string> name = NewName();
        Argument<string> addresses = new("ADDRESSES") { Description = "Its name servers, host:port;host:port" };
        addresses.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && NameServerList.FindProblem(token.Value) is { } problem)
            {
                result.AddError($"ADDRESSES: {problem}");
            }
        });
        Option<bool> use = new("--use", "-u") { Description = "Mean it from now on" };
        DocumentedCommand command = new("set", "Make a context, or change one", "rocketops context set staging 10.1.2.3:9876", "rocketops context set production 'ns1:9876;ns2:9876' --use") { name, addresses, use };
        command.SetAction(async (parsed, _) =>
        {
            ContextFile file = ContextFile.OfThisUser();
            string given = parsed.GetRequiredValue(name);
            file.NameServers[given] = parsed.GetRequiredValue(addresses);
            await SaveAsync(shell, parsed.GetValue(use) ? file with { Current = given } : file, $"{given} is {file.NameServers[given]}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static DocumentedCommand Use(Shell shell)
    {
        Argument<string?> name = KnownName(ArgumentArity.ZeroOrOne, "Context that commands mean from now on; without it they mean none");
        DocumentedCommand command = new("use", "Choose the context that commands mean", "rocketops context use staging", "rocketops context use") { name };
        command.SetAction(async (parsed, _) =>
        {
            ContextFile file = ContextFile.OfThisUser();
            if (parsed.GetValue(name) is { } chosen)
            {
                file.Of(chosen);
            }

            await SaveAsync(shell, file with { Current = parsed.GetValue(name) });
            return ExitCodes.Success;
        });
        return command;
    }

    private static DocumentedCommand Delete(Shell shell)
    {
        Argument<string?> name = KnownName(ArgumentArity.ExactlyOne, "Context to forget; its cluster is left alone");
        DocumentedCommand command = new("delete", "Forget a context", "rocketops context delete staging") { name };
        command.SetAction(async (parsed, _) =>
        {
            ContextFile file = ContextFile.OfThisUser();
            string given = parsed.GetRequiredValue(name)!;
            file.Of(given);
            file.NameServers.Remove(given);
            await SaveAsync(shell, file.Current == given ? file with { Current = null } : file, $"{given} is forgotten");
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Saves, and says what was done and what commands mean now.</summary>
    private static async Task SaveAsync(Shell shell, ContextFile file, string? done = null)
    {
        await file.WriteAsync();
        if (done is not null)
        {
            await shell.Output.WriteLineAsync(done);
        }

        await shell.Output.WriteLineAsync(file.Current is { } current ? $"commands mean {current}, {file.NameServers[current]}" : "commands mean no context: what runs here, or -n");
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NAMESRV_ADDR")))
        {
            await shell.Error.WriteLineAsync("NAMESRV_ADDR is set, and wins over contexts.");
        }
    }

    private static Argument<string?> KnownName(ArgumentArity arity, string description)
    {
        Argument<string?> name = new("NAME") { Description = description, Arity = arity };
        name.CompletionSources.Add(static _ => ContextFile.OfThisUser().NameServers.Keys.Select(static known => new System.CommandLine.Completions.CompletionItem(known)));
        return name;
    }

    private static Argument<string> NewName()
    {
        Argument<string> name = new("NAME") { Description = "Name of the context" };
        name.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && (token.Value.Length == 0 || !token.Value.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')))
            {
                result.AddError($"NAME: \"{token.Value}\" has letters other than {AllowedLetters}, or none.");
            }
        });
        return name;
    }
}
