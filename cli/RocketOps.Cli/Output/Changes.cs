using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>
/// Changes that a command has made. For people each change is a line as soon as it is done; for programs there is one array at the end,
/// also when a failure ends the command: what it names is done, and nothing else.
/// </summary>
internal sealed class Changes
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Shell _shell;
    private readonly string _format;
    private readonly JsonArray _done = [];

    private Changes(Shell shell, string format)
    {
        _shell = shell;
        _format = format;
    }

    /// <summary>Output for what is not done yet: a program gets nothing but its array.</summary>
    public TextWriter Plan => IsText ? _shell.Output : _shell.Error;

    private bool IsText => _format == "text";

    public static Option<string> Option() => Choice.Of("--output", "-o", "How what was changed is told", "FORMAT", "text", "text", "json", "yaml");

    /// <summary>Runs a command and tells what it did.</summary>
    public static async Task<int> RunAsync(Shell shell, string format, Func<Changes, Task<int>> run)
    {
        Changes changes = new(shell, format.ToLowerInvariant());
        try
        {
            return await run(changes);
        }
        finally
        {
            await changes.EndAsync();
        }
    }

    /// <summary>This is done.</summary>
    /// <param name="line">For people; null where they are told of several at once.</param>
    /// <param name="fields">For programs.</param>
    public async Task DoneAsync(string? line, JsonObject fields)
    {
        _done.Add((JsonNode)fields);
        if (line is not null)
        {
            await SummariseAsync(line);
        }
    }

    /// <summary>Tells people alone.</summary>
    public Task SummariseAsync(string line) => IsText ? _shell.Output.WriteLineAsync(line) : Task.CompletedTask;

    private Task EndAsync() => _format switch
    {
        "json" => _shell.Output.WriteLineAsync(_done.ToJsonString(Json)),
        "yaml" => _shell.Output.WriteAsync(Yaml.Write(_done)),
        _ => Task.CompletedTask,
    };
}
