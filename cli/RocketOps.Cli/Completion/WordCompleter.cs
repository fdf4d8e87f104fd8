using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Completion;

/// <summary>The words that could stand at the end of an unfinished command line. Names of topics and groups are asked of the cluster that the line means.</summary>
/// <param name="shell">Whose patience it has.</param>
/// <param name="tree">Makes all commands.</param>
internal sealed class WordCompleter(Shell shell, Func<Command> tree)
{
    /// <summary>Somebody waits with a finger on the tab key.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<string>> FindAsync(string line, CancellationToken cancellation)
    {
        List<string> words = [.. CommandLineParser.SplitCommandLine(line)];
        bool isNewWord = line.Length == 0 || char.IsWhiteSpace(line[^1]);
        string begun = isNewWord || words.Count == 0 ? string.Empty : words[^1];
        string[] before = [.. words.Skip(1).Take(words.Count - 1 - (begun.Length == 0 ? 0 : 1))];
        Command root = tree();
        ParseResult parsed = root.Parse(LeadingOptions.MoveBehindCommand(root, before), new ParserConfiguration { ResponseFileTokenReplacer = null });
        IEnumerable<string> found = await CandidatesAsync(parsed, before, begun, cancellation);
        return [.. found.Where(word => word.StartsWith(begun, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<Option> OptionsOf(CommandResult result)
    {
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
        {
            foreach (Option option in at.Command.Options.Where(option => !option.Hidden && (option.Recursive || ReferenceEquals(at, result))))
            {
                yield return option;
            }
        }
    }

    private async Task<IEnumerable<string>> CandidatesAsync(ParseResult parsed, string[] before, string begun, CancellationToken cancellation)
    {
        Command command = parsed.CommandResult.Command;
        if (before is [.., { } last] && OptionsOf(parsed.CommandResult).FirstOrDefault(option => option.Name == last || option.Aliases.Contains(last)) is { Arity.MinimumNumberOfValues: > 0 } waiting)
        {
            return waiting is NameOption named ? await NamesAsync(parsed, named.Kind, cancellation) : Labels(waiting);
        }

        if (begun.StartsWith('-'))
        {
            return OptionsOf(parsed.CommandResult).Select(static option => option.Name);
        }

        if (command.Subcommands.Count > 0)
        {
            return command.Subcommands.Where(static sub => !sub.Hidden).Select(static sub => sub.Name);
        }

        Argument? next = command.Arguments.FirstOrDefault(argument => (parsed.GetResult(argument)?.Tokens.Count ?? 0) < argument.Arity.MaximumNumberOfValues);
        return next switch
        {
            INamed name => await NamesAsync(parsed, name.Kind, cancellation),
            null => [],
            _ => Labels(next),
        };
    }

    private static IEnumerable<string> Labels(Symbol symbol) => symbol.GetCompletions(CompletionContext.Empty).Select(static item => item.Label);

    /// <summary>Nothing when nobody answers: a shell has no place for an error.</summary>
    private async Task<IEnumerable<string>> NamesAsync(ParseResult parsed, NameKind kind, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(shell.Patient(Patience));
        try
        {
            await using ClusterConnection cluster = new(parsed.GetValue<string>("--name-servers") ?? string.Empty, shell);
            return kind == NameKind.Topic ? await cluster.UserTopicsAsync(limited.Token) : await cluster.UserGroupsAsync(limited.Token);
        }
        catch (Exception unanswered) when (unanswered is RocketMqException or CommandFailedException or OperationCanceledException)
        {
            return [];
        }
    }
}
