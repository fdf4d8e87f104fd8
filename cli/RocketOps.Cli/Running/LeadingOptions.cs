using System.CommandLine;

namespace RocketOps.Cli.Running;

/// <summary>Options that most commands share may stand before the command, as with other tools: <c>rocketops -n HOST:PORT topic list</c>.</summary>
internal static class LeadingOptions
{
    private static readonly string[] Names = ["-n", "--name-servers", "-o", "--output"];

    /// <summary>The same words with those options behind the command. What is no command, or has none of them, stays as it is.</summary>
    public static IReadOnlyList<string> MoveBehindCommand(Command root, IReadOnlyList<string> arguments)
    {
        Command command = root;
        List<string> path = [];
        List<string> moved = [];
        int at = 0;
        while (at < arguments.Count && command.Subcommands.Count > 0)
        {
            string word = arguments[at];
            if (Names.Contains(word, StringComparer.Ordinal) && at + 1 < arguments.Count)
            {
                moved.AddRange([word, arguments[at + 1]]);
                at += 2;
            }
            else if (Array.Exists(Names, name => word.StartsWith(name + "=", StringComparison.Ordinal)))
            {
                moved.Add(word);
                at++;
            }
            else if (command.Subcommands.FirstOrDefault(sub => sub.Name == word) is { } found)
            {
                path.Add(word);
                command = found;
                at++;
            }
            else
            {
                break;
            }
        }

        return moved.Count == 0 ? arguments : [.. path, .. moved, .. arguments.Skip(at)];
    }
}
