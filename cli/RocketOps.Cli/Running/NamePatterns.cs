using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO.Enumeration;
using RocketOps.Cli.Topics;

namespace RocketOps.Cli.Running;

/// <summary>Names, and patterns with <c>*</c> and <c>?</c>, that choose among what there is.</summary>
internal sealed class NamePatterns : Argument<string[]>, INamed
{
    private static readonly char[] Wildcards = ['*', '?'];

    private NamePatterns(string name, NameKind kind, string description)
        : base(name)
    {
        Kind = kind;
        Description = description;
        Arity = ArgumentArity.ZeroOrMore;
        Validators.Add(Check);
    }

    public NameKind Kind { get; }

    public static NamePatterns Topics() => new("NAME", NameKind.Topic, "Only topics called so, with * and ?; all if absent");

    public static NamePatterns Groups() => new("NAME", NameKind.Group, "Only consumer groups called so, with * and ?; all if absent");

    /// <summary>One or more, none of which may mean nothing.</summary>
    public static NamePatterns TopicsToRead() => new("TOPIC", NameKind.Topic, "Topics to read: names, or patterns with * and ? for those that are there") { Arity = ArgumentArity.OneOrMore };

    public static bool IsPattern(string text) => text.IndexOfAny(Wildcards) >= 0;

    /// <summary>Whether one of them matches the whole name; without any, every name is meant.</summary>
    public static bool IsMeant(IReadOnlyList<string> patterns, string name) => patterns.Count == 0 || patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    private static void Check(ArgumentResult result)
    {
        foreach (Token token in result.Tokens)
        {
            string letters = token.Value.Replace("*", string.Empty, StringComparison.Ordinal).Replace("?", string.Empty, StringComparison.Ordinal);
            if ((letters.Length > 0 || token.Value.Length == 0) && TopicNames.FindProblem(letters) is { } problem)
            {
                result.AddError($"{result.Argument.Name}: {problem}");
            }
        }
    }
}
