using System.Text;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Topics made by plain frames, so that no client under test is needed for it.</summary>
internal static class Topics
{
    private const int GetRouteInfoByTopic = 105;
    private const int Success = 0;

    /// <summary>Creates the topic on the broker and returns when the name server hands out its route.</summary>
    public static async Task CreateAsync(ServerUnderTest server, string topic, int queues)
    {
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            RawFrame answer = await RawBroker.CreateTopicAsync(broker, topic, queues);
            answer.Code.Should().Be(Success, answer.Remark ?? string.Empty);
        }

        await Eventually.TrueAsync(() => HasRouteAsync(server, topic), $"{server.Name}: route of {topic}");
    }

    public static Task<bool> HasRouteAsync(ServerUnderTest server, string topic) => HasRouteAsync(server.NameServerAddress, topic);

    /// <summary>Whether the name server hands out a route that names all of these brokers.</summary>
    public static async Task<bool> HasRouteAsync(string nameServer, string topic, params string[] brokers)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(nameServer);
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = topic };
        RawFrame answer = await connection.RequestAsync(GetRouteInfoByTopic, fields);
        string route = Encoding.UTF8.GetString(answer.Body.Span);
        return answer.Code == Success && Array.TrueForAll(brokers, broker => route.Contains($"\"{broker}\"", StringComparison.Ordinal));
    }
}
