using System.CommandLine;
using System.CommandLine.Parsing;

namespace RocketOps.Cli.Running;

/// <summary>Problem of a command line, in one line that names the nearest word.</summary>
internal static class UsageErrors
{
    /// <summary>Null when nothing is.</summary>
    public static string? Find(ParseResult parsed, IReadOnlyList<string> words)
    {
        Command command = parsed.CommandResult.Command;
        if (Switches.FindProblem(command, words) is { } ofSwitch)
        {
            return ofSwitch;
        }

        if (UnknownOption(parsed) is { } option)
        {
            return $"there is no option {option}.{NearestWord.Hint(option, OptionNames(parsed.CommandResult))}";
        }

        if (FindUnknownCommand(parsed) is { } unknown)
        {
            return unknown;
        }

        if (parsed.UnmatchedTokens is [{ } word, ..])
        {
            return $"\"{word}\" is one word too many.";
        }

        // What was typed comes before a default that could not be found.
        ParseError? error = parsed.Errors.OrderBy(IsOfDefault).FirstOrDefault();
        return error is null ? null : Describe(error, command);
    }

    /// <summary>A word where a command is expected that is none; null when there is no such word.</summary>
    public static string? FindUnknownCommand(ParseResult parsed) =>
        parsed.CommandResult.Command is { Subcommands: { Count: > 0 } known } && parsed.UnmatchedTokens is [{ } word, ..] && !word.StartsWith('-')
            ? $"there is no command {word}.{NearestWord.Hint(word, known.Where(static sub => !sub.Hidden).Select(static sub => sub.Name))}"
            : null;

    /// <summary>
    /// The parser takes an option it does not know for an argument: a body, a topic. Texts that begin with a dash come after <c>--</c>.
    /// </summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        foreach (Token token in parsed.Tokens)
        {
            switch (token.Type)
            {
                case TokenType.DoubleDash:
                    return null;
                case TokenType.Argument when token.Value.Length > 1 && token.Value[0] == '-' && !char.IsAsciiDigit(token.Value[1]):
                    return token.Value.Split('=')[0];
            }
        }

        return null;
    }

    private static IEnumerable<string> OptionNames(CommandResult result)
    {
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
        {
            foreach (Option option in at.Command.Options.Where(option => !option.Hidden && (option.Recursive || ReferenceEquals(at, result))))
            {
                yield return option.Name;
            }
        }
    }

    /// <summary>Nobody typed the option: its default could not be found.</summary>
    private static bool IsOfDefault(ParseError error) => error.SymbolResult is OptionResult { IdentifierToken: null, Option.Required: false };

    private static string Describe(ParseError error, Command command) => error.SymbolResult switch
    {
        _ when IsOfDefault(error) => error.Message,
        OptionResult { Tokens.Count: 0 } option when option.Option.Arity.MinimumNumberOfValues > 0 => option.IdentifierToken is null
            ? $"{option.Option.Name} is missing."
            : $"{option.Option.Name} needs a value.",
        ArgumentResult { Tokens.Count: 0 } argument => $"{argument.Argument.Name} is missing.",
        CommandResult when command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && error.SymbolResult.GetResult(argument) is not { Tokens.Count: > 0 }) is { } missing =>
            $"{missing.Name} is missing.",
        _ => error.Message.ReplaceLineEndings(" "),
    };
}
