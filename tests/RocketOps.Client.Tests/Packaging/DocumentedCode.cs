using RocketOps.Testing.Docs;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>The code blocks of docs/client.md as written, and any C# block as a file that compiles beside others.</summary>
internal static class DocumentedCode
{
    /// <summary>The blocks of docs/client.md in order, by the language behind the fence.</summary>
    public static IReadOnlyList<string> Blocks(string language) => [.. DocumentedBlocks.Of("docs/client.md", language).Select(static block => block.Text)];

    /// <summary>
    /// A C# block as a file of its own beside others: using lines first, statements in a method, types behind them, as in a program of top-level statements.
    /// </summary>
    public static string AsFile(string block, int number)
    {
        string[] lines = block.Split('\n');
        int statements = Array.FindIndex(lines, static line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal));
        int types = Array.FindIndex(lines, static line => line.StartsWith("sealed ", StringComparison.Ordinal) || line.StartsWith('['));
        types = types < 0 ? lines.Length : types;
        return $$"""
            {{string.Join('\n', lines[..statements])}}
            namespace Block{{number}};

            internal static class Program{{number}}
            {
                internal static async Task RunAsync(string[] args)
                {
            {{string.Join('\n', lines[statements..types])}}
                    await Task.CompletedTask;
                }
            }

            {{string.Join('\n', lines[types..])}}
            """;
    }
}
