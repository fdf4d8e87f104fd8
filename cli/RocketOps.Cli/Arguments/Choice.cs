using System.CommandLine;
using System.CommandLine.Parsing;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Arguments;

/// <summary>Options and arguments whose value is checked with an error of one line.</summary>
internal static class Choice
{
    /// <summary>One of some words.</summary>
    public static Option<string> Of(string name, string? alias, string description, string helpName, string standard, params string[] words)
    {
        Option<string> option = new(name, alias is null ? [] : [alias]) { Description = $"{description}: {string.Join(", ", words)}", HelpName = helpName, DefaultValueFactory = _ => standard };
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ } token] && !words.Contains(token.Value, StringComparer.OrdinalIgnoreCase))
            {
                result.AddError($"{name} is one of {string.Join(", ", words)}, not \"{token.Value}\".{NearestWord.Hint(token.Value, words)}");
            }
        });
        return option;
    }

    /// <summary>Refuses what <paramref name="problem"/> finds fault with.</summary>
    public static T CheckedBy<T>(this T option, Func<string, string?> problem)
        where T : Option
    {
        option.Validators.Add(result => Check(result, option.Name, problem));
        return option;
    }

    /// <summary>Refuses what <paramref name="problem"/> finds fault with.</summary>
    public static void CheckedBy(this Argument argument, Func<string, string?> problem) => argument.Validators.Add(result => Check(result, argument.Name, problem));

    private static void Check(SymbolResult result, string name, Func<string, string?> problem)
    {
        foreach (Token token in result.Tokens)
        {
            if (problem(token.Value) is { } found)
            {
                result.AddError($"{name}: {found}");
            }
        }
    }
}
