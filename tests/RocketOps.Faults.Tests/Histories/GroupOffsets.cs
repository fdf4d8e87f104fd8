using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>A group's offsets at one broker, asked for and set back by plain frames.</summary>
internal sealed partial class GroupOffsets(RawConnection broker, GroupOfHistory group)
{
    private const int QueryConsumerOffset = 14;
    private const int SearchOffsetByTimestamp = 29;
    private const int ResetOffset = 222;

    /// <summary>A rewind is one when a queue goes back by so many messages: then something may fall between them.</summary>
    private const int FewestAgain = 2;

    private static readonly TimeSpan MatchPatience = TimeSpan.FromSeconds(10);

    /// <summary>What the group has committed; null when there is nothing.</summary>
    public async Task<long?> CommittedAsync(int queue)
    {
        Dictionary<string, string> fields = RawFields.Progress(group.Name, group.Topic, queue);
        fields["setZeroIfNotFound"] = "false";
        RawFrame answer = await broker.RequestAsync(QueryConsumerOffset, fields);
        return answer.Code == RawBroker.Success ? long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture) : null;
    }

    /// <summary>What of each queue would come again if the group was set back to the time, where anything would; empty when that would be next to nothing, or would have a queue go forward.</summary>
    public async Task<IReadOnlyList<OffsetLife>> FindRewindAsync(int queues, long time)
    {
        List<OffsetLife> lives = [];
        for (int queue = 0; queue < queues; queue++)
        {
            long committed = await CommittedAsync(queue) ?? 0;
            Dictionary<string, string> fields = RawFields.Queue(group.Topic, queue);
            fields["timestamp"] = Text(time);
            long from = long.Parse(
                (await broker.RequestAsync(SearchOffsetByTimestamp, fields)).ExtFields["offset"], CultureInfo.InvariantCulture);
            if (from > committed)
            {
                return [];
            }

            lives.AddRange(from < committed ? [new OffsetLife(group.Name, queue, from, committed, Number: 0, time)] : []);
        }

        return lives.Exists(static life => life.Below - life.From >= FewestAgain) ? lives : [];
    }

    /// <summary>Sets the group back to a time; returns where each queue goes on.</summary>
    public async Task<IReadOnlyDictionary<int, long>> SetBackAsync(long time)
    {
        Dictionary<string, string> fields = RawFields.Of(
            ("topic", group.Topic), ("group", group.Name), ("timestamp", Text(time)), ("isForce", "true"));
        RawFrame answer = await broker.RequestAsync(ResetOffset, fields);
        answer.Code.Should().Be(RawBroker.Success, answer.Remark);
        return ToDictionary(Entry().Matches(Encoding.UTF8.GetString(answer.Body.Span)));
    }

    /// <summary>
    /// What a broker's store has of the group, and a kill of the broker leaves: in the backup when that came before the file was there
    /// again.
    /// </summary>
    public static async Task<IReadOnlyDictionary<int, long>> ReadKeptAsync(string storeDirectory, GroupOfHistory group)
    {
        string file = Path.Combine(storeDirectory, "config", "consumerOffset.json");
        string[] kept = [.. new[] { file, $"{file}.bak" }.Where(File.Exists)];
        string table = kept.Length > 0 ? await File.ReadAllTextAsync(kept[0]) : string.Empty;
        Match queues = Regex.Match(table, $$"""
            "{{group.Topic}}@{{group.Name}}":\{(?<queues>[^}]*)\}
            """, RegexOptions.ExplicitCapture, MatchPatience);
        return ToDictionary(KeptEntry().Matches(queues.Groups["queues"].Value));
    }

    [GeneratedRegex("""
        "queueId":(?<queue>\d+)[^}]*\}:(?<offset>\d+)
        """, RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Entry();

    [GeneratedRegex("""
        "?(?<queue>\d+)"?:(?<offset>\d+)
        """, RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex KeptEntry();

    private static Dictionary<int, long> ToDictionary(MatchCollection entries) => entries.ToDictionary(
        static entry => int.Parse(entry.Groups["queue"].ValueSpan, CultureInfo.InvariantCulture), static entry => long.Parse(entry.Groups["offset"].ValueSpan, CultureInfo.InvariantCulture));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
