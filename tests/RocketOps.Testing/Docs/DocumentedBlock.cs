namespace RocketOps.Testing.Docs;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path from the repository's root, with slashes.</param>
/// <param name="Line">Number of the fence's line, from 1.</param>
/// <param name="Language">The word behind the fence; empty when there is none.</param>
/// <param name="Text">What stands between the fences, each line with its end.</param>
public sealed record DocumentedBlock(string Page, int Line, string Language, string Text)
{
    /// <summary>The commands of a shell block: comments and empty lines left out, continued lines joined.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            List<string> commands = [];
            foreach (string line in Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            {
                string command = line.Split(" #")[0].Trim();
                if (command.Length > 0 && !command.StartsWith('#'))
                {
                    commands.Add(command);
                }
            }

            return commands;
        }
    }

    public override string ToString() => $"{Page}:{Line} ({Language})";
}
