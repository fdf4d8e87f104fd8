using System.CommandLine;

namespace RocketOps.Cli.Running;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class DocumentedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines as one types them.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
