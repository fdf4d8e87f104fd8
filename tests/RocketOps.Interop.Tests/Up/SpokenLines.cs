using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Up;

/// <summary>What a foreign client that goes on has said so far; each of its lines is read once.</summary>
internal sealed class SpokenLines(string name, IAsyncDisposable client, Func<(bool HasExited, string Output, string Error)> hear) : IAsyncDisposable
{
    public SpokenLines(string name, ChildProcess client)
        : this(name, client, () => (client.HasExited, client.Output, client.Error))
    {
    }

    public SpokenLines(string name, JavaRun client)
        : this(name, client, () => (client.HasExited, client.Output, client.Error))
    {
    }

    private readonly List<JsonElement> _lines = [];
    private int _read;

    public string Name => name;

    /// <summary>All lines with this event so far; throws when the client has ended, with what it complained about.</summary>
    public IReadOnlyList<JsonElement> Of(params string[] events)
    {
        (bool hasExited, string output, string error) = hear();
        hasExited.Should().BeFalse($"{name} goes on: {error}");

        // Its last line may be half written.
        int end = output.LastIndexOf('\n') + 1;
        _lines.AddRange(JsonLines.Parse(output[_read..end]));
        _read = end;
        return [.. _lines.Where(line => events.Contains(line.GetProperty("event").GetString(), StringComparer.Ordinal))];
    }

    /// <summary>Every attempt to send, acknowledged or not, in the order of the attempts.</summary>
    public IReadOnlyList<JsonElement> Attempts => Of("sent", "error");

    public static bool IsAcknowledged(JsonElement line) => line.TryGetProperty("sendStatus", out JsonElement status) && status.GetString() == "SEND_OK";

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
