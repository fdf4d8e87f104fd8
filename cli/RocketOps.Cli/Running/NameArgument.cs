using System.CommandLine;
using System.CommandLine.Parsing;
using RocketOps.Cli.Topics;

namespace RocketOps.Cli.Running;

/// <summary>An argument that names something of the cluster, which completion can list.</summary>
internal sealed class NameArgument : Argument<string>, INamed
{
    private NameArgument(string name, NameKind kind, string description)
        : base(name)
    {
        Kind = kind;
        Description = description;
        Validators.Add(Check);
    }

    public NameKind Kind { get; }

    public static NameArgument Topic(string description = "Name of the topic") => new("TOPIC", NameKind.Topic, description);

    public static NameArgument Group(string description = "Name of the consumer group") => new("GROUP", NameKind.Group, description);

    /// <summary>One name or more.</summary>
    public static Argument<string[]> Topics(string description = "Names of the topics") => new NamesArgument("TOPIC", NameKind.Topic, description);

    private static void Check(ArgumentResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (TopicNames.FindProblem(token.Value) is { } problem)
            {
                result.AddError($"{result.Argument.Name}: {problem}");
            }
        }
    }

    /// <summary>Several names.</summary>
    private sealed class NamesArgument : Argument<string[]>, INamed
    {
        public NamesArgument(string name, NameKind kind, string description)
            : base(name)
        {
            Kind = kind;
            Description = description;
            Arity = ArgumentArity.OneOrMore;
            Validators.Add(Check);
        }

        public NameKind Kind { get; }
    }
}

/// <summary>An argument whose values are names of one kind.</summary>
internal interface INamed
{
    NameKind Kind { get; }
}

/// <summary>What a name is the name of.</summary>
internal enum NameKind
{
    Topic,
    Group,
}
