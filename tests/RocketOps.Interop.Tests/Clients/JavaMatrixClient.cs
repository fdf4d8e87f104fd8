using System.Globalization;
using System.Text.Json;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>Apache's Java client as a member of the matrix.</summary>
public sealed class JavaMatrixClient(string version, string nameServer) : IForeignClient
{
    private const int BodyBytes = 100;

    private readonly JavaClient _client = new(version, nameServer);

    public string Name => $"java-{version}";

    public async Task<IReadOnlyList<ClientMessage>> SendAsync(
        string topic, int count, IReadOnlyList<string> tags, string keyPrefix, IReadOnlyDictionary<string, string> properties)
    {
        List<string> options = ["--count", Number(count), "--size", Number(BodyBytes), "--tag", string.Join(',', tags), "--keys", keyPrefix];
        foreach ((string key, string value) in properties)
        {
            options.AddRange(["--property", $"{key}={value}"]);
        }

        IReadOnlyList<JsonElement> sent = await _client.RunAsync("send", topic, [.. options]);
        sent.Should().HaveCount(count).And.OnlyContain(line => line.GetProperty("sendStatus").GetString() == "SEND_OK");
        return
        [
            .. sent.Select(line =>
            {
                int sequence = line.GetProperty("seq").GetInt32();
                return new ClientMessage(
                    line.GetProperty("tags").GetString(), line.GetProperty("keys").GetString(), KitBodies.Sha256(sequence, BodyBytes), BodyBytes, properties);
            }),
        ];
    }

    public async Task SendTextAsync(string topic, string body) => await _client.RunAsync("send", topic, "--body", body);

    public async Task<IReadOnlyList<ClientMessage>> ReceiveAsync(string topic, string group, int count, string tagExpression = "*")
    {
        IReadOnlyList<JsonElement> lines = await _client.RunAsync(
            "receive", topic, "--group", group, "--count", Number(count), "--tag", tagExpression, "--from", "first", "--seconds", "240");
        return [.. lines.Where(line => line.GetProperty("event").GetString() == "message").Select(ReceivedMessages.Parse)];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
