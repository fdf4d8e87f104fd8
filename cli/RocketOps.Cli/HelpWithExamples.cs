using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RocketOps.Cli.Running;

namespace RocketOps.Cli;

/// <summary>The help of a command, then its examples, or where those are of a family of commands.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _help = new() { MaxWidth = 110 };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is DocumentedCommand { Examples: { Count: > 0 } examples })
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        if (parseResult.CommandResult is { Command.Subcommands.Count: > 0 } family)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"\"{CommandTree.PathOf(family)} COMMAND --help\" shows the options of a command, and examples.\n");
        }

        return ExitCodes.Success;
    }
}
