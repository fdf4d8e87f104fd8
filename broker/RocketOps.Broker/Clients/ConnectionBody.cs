using System.Text;
using System.Text.Json.Serialization;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Clients;

/// <summary>One client in a connection list.</summary>
internal sealed class ConnectionBody
{
    [JsonPropertyName("clientAddr")]
    public required string Address { get; init; }

    [JsonPropertyName("clientId")]
    public required string ClientId { get; init; }

    [JsonPropertyName("language")]
    public required string Language { get; init; }

    [JsonPropertyName("version")]
    public required int Version { get; init; }

    public static ConnectionBody From(ClientChannel channel) => new()
    {
        Address = channel.Connection.RemoteEndPoint.ToString(),
        ClientId = channel.ClientId,
        Language = Encoding.ASCII.GetString(LanguageNames.ToUtf8(channel.Language)),
        Version = channel.Version,
    };
}
