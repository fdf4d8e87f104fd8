using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli;

/// <summary>Runs one command line: every failure becomes one line and an exit code.</summary>
internal sealed class CommandRunner(Shell shell)
{
    /// <summary>Never throws.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        try
        {
            Command root = CommandTree.Create(shell);
            arguments = LeadingOptions.MoveBehindCommand(root, WithoutHelpWord(arguments));

            // Words that begin with @ are bodies and keys, not files with further options.
            ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            int code = await RunAsync(parsed, arguments, cancellation);
            await shell.Output.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception failure) when (StandardOutput.IsBrokenPipe(failure))
        {
            // head has seen enough.
            return ExitCodes.Success;
        }
        catch (Exception failure)
        {
            await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {Failures.Describe(failure)}");
            if (shell.ShowsStackTraces)
            {
                await shell.Error.WriteLineAsync(failure.ToString());
            }

            return ExitCodes.Failed;
        }
    }

    /// <summary><c>help topic list</c>, as other tools take it, for <c>topic list --help</c>.</summary>
    private static IReadOnlyList<string> WithoutHelpWord(IReadOnlyList<string> arguments) =>
        arguments.Count > 0 && arguments[0] == "help" ? [.. arguments.SkipWhile(static word => word == "help"), "--help"] : arguments;

    private async Task<int> RunAsync(ParseResult parsed, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        InvocationConfiguration settings = new()
        {
            EnableDefaultExceptionHandler = false,

            // Ctrl-C and SIGTERM come by the token; the default would cut a command off after two seconds.
            ProcessTerminationTimeout = null,
            Output = shell.Output,
            Error = shell.Error,
        };
        // The help of what is around a word that is none would hide that it is none.
        if (parsed.Action is { ClearsParseErrors: true } && UsageErrors.FindUnknownCommand(parsed) is null)
        {
            return await parsed.InvokeAsync(settings, cancellation);
        }

        Command command = parsed.CommandResult.Command;
        if (command.Action is null && parsed.UnmatchedTokens.Count == 0)
        {
            // A command that is only a family of others.
            return await parsed.RootCommandResult.Command.Parse([.. arguments, "--help"]).InvokeAsync(settings, cancellation);
        }

        if (shell.PatienceProblem is { } malformed)
        {
            await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops:")} {malformed}");
            return ExitCodes.WrongUsage;
        }

        if (UsageErrors.Find(parsed, arguments) is { } problem)
        {
            string path = CommandTree.PathOf(parsed.CommandResult);
            await shell.Error.WriteLineAsync($"{shell.StyledError(path + ":")} {problem} See \"{path} --help\".");
            return ExitCodes.WrongUsage;
        }

        return await parsed.InvokeAsync(settings, cancellation);
    }
}
