using System.CommandLine;

namespace RocketOps.Cli.Arguments;

/// <summary>An argument of several values, each of which names something of the cluster or, as <see cref="NamePatterns"/>, some of it.</summary>
internal sealed class NamesArgument : Argument<string[]>, INamed
{
    private NamesArgument(string name, NameKind kind, ArgumentArity arity, string description, Func<string, string?> problem)
        : base(name)
    {
        Kind = kind;
        Description = description;
        Arity = arity;
        this.CheckedBy(problem);
    }

    public NameKind Kind { get; }

    public static NamesArgument Topics() => new("TOPIC", NameKind.Topic, ArgumentArity.OneOrMore, "Names of the topics", NameCheck.FindProblem);

    /// <summary>One or more, none of which may mean nothing.</summary>
    public static NamesArgument TopicsToRead() => new("TOPIC", NameKind.Topic, ArgumentArity.OneOrMore, "Topics to read: names, or patterns with * and ? for those that are there", NamePatterns.FindProblem);

    public static NamesArgument TopicPatterns() => new("NAME", NameKind.Topic, ArgumentArity.ZeroOrMore, "Only topics called so, with * and ?; all if absent", NamePatterns.FindProblem);

    public static NamesArgument GroupPatterns() => new("NAME", NameKind.Group, ArgumentArity.ZeroOrMore, "Only consumer groups called so, with * and ?; all if absent", NamePatterns.FindProblem);
}
