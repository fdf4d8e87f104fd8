using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Testing.Remoting;

namespace RocketOps.Cluster.Tests;

/// <summary>What servers say to tools, asked by plain frames. Nothing while the one that is asked goes, or refuses.</summary>
internal static partial class BrokerQuestions
{
    private const int GetConsumerListByGroup = 38;
    private const int GetConsumerConnectionList = 203;
    private const int GetConsumeStats = 208;
    private const int QueryTopicConsumeByWho = 300;

    /// <summary>Nobody answers from the address of a pod that has gone, not even that nobody is there.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The body of an answer; empty while nobody is there.</summary>
    public static async Task<string> AnswerAsync(string address, int code, Dictionary<string, string> fields)
    {
        using CancellationTokenSource late = new(Patience);
        try
        {
            await using RawConnection connection = await RawConnection.ConnectAsync(address, late.Token);
            RawFrame answer = await connection.RequestAsync(code, fields, cancellationToken: late.Token);
            return Encoding.UTF8.GetString(answer.Body.Span);
        }
        catch (Exception gone) when (gone is SocketException or IOException or OperationCanceledException)
        {
            return string.Empty;
        }
    }

    /// <summary>How far a group is on each queue of a topic, as <c>mqadmin consumerProgress</c> asks it of this broker; by the number of the queue.</summary>
    public static async Task<IReadOnlyDictionary<int, QueueProgress>> ProgressAsync(string address, string group, string topic)
    {
        // Its names are objects, which is no JSON.
        string answer = await AnswerAsync(address, GetConsumeStats, new(StringComparer.Ordinal) { ["consumerGroup"] = group, ["topic"] = topic });
        return QueueOfAnswer().Matches(answer).ToDictionary(
            static match => int.Parse(match.Groups["queue"].ValueSpan, CultureInfo.InvariantCulture),
            static match => new QueueProgress(
                long.Parse(match.Groups["end"].ValueSpan, CultureInfo.InvariantCulture),
                long.Parse(match.Groups["committed"].ValueSpan, CultureInfo.InvariantCulture),
                long.Parse(match.Groups["given"].ValueSpan, CultureInfo.InvariantCulture)));
    }

    /// <summary>Among whom a group's members share the queues, as this broker tells them.</summary>
    public static async Task<IReadOnlyList<string>> SharersAsync(string address, string group)
    {
        string answer = await AnswerAsync(address, GetConsumerListByGroup, new(StringComparer.Ordinal) { ["consumerGroup"] = group });
        return answer.Length == 0 ? [] : [.. JsonDocument.Parse(answer).RootElement.GetProperty("consumerIdList").EnumerateArray().Select(static member => member.GetString() ?? string.Empty)];
    }

    /// <summary>The members of a group that are connected to this broker, as <c>mqadmin consumerConnection</c> asks for them; each once, by whatever number of connections.</summary>
    public static async Task<IReadOnlyList<string>> MembersAsync(string address, string group)
    {
        string answer = await AnswerAsync(address, GetConsumerConnectionList, new(StringComparer.Ordinal) { ["consumerGroup"] = group });
        return answer.Length == 0 ? [] : [.. JsonDocument.Parse(answer).RootElement.GetProperty("connectionSet").EnumerateArray().Select(static member => member.GetProperty("clientId").GetString() ?? string.Empty).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The groups that read a topic.</summary>
    public static async Task<IReadOnlyList<string>> GroupsAsync(string address, string topic)
    {
        string answer = await AnswerAsync(address, QueryTopicConsumeByWho, new(StringComparer.Ordinal) { ["topic"] = topic });
        return answer.Length == 0 ? [] : [.. JsonDocument.Parse(answer).RootElement.GetProperty("groupList").EnumerateArray().Select(static group => group.GetString() ?? string.Empty)];
    }

    [GeneratedRegex("\"queueId\":(?<queue>\\d+)[^}]*\\}:\\{\"brokerOffset\":(?<end>\\d+),\"consumerOffset\":(?<committed>\\d+),\"lastTimestamp\":\\d+,\"pullOffset\":(?<given>\\d+)\\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex QueueOfAnswer();
}
