namespace RocketOps.Cluster.Tests;

/// <summary>
/// How far consumers had told their group's broker to be at one moment. Whoever leads next has that, so nothing before it may be delivered again. What lies behind it may be: an unmodified push consumer tells of its progress every
/// 5 s, and when it begins a queue anew it reads on from what the broker knows. So much can come a second time that the consumer has got since it last told, however long a busy machine takes for its 5 s, and no more.
/// </summary>
internal sealed class Consumed
{
    private readonly IReadOnlyDictionary<(string Group, string Queue), long> _offsets;

    /// <param name="offsets">The first message of each queue that its group has not told to have consumed.</param>
    internal Consumed(IReadOnlyDictionary<(string Group, string Queue), long> offsets) => _offsets = offsets;

    /// <summary>What the master knows: enough where it hands over.</summary>
    public static async Task<Consumed> AtMasterAsync(MessageOracle oracle)
    {
        (string master, _) = await AutomaticCluster.BrokersAsync();
        return await ReadAsync(oracle, group => group.CommittedAsync(master));
    }

    /// <summary>What every member of the brokers' group knows: who leads after a master that says no more has that, too.</summary>
    public static async Task<Consumed> AtAllMembersAsync(MessageOracle oracle)
    {
        (string master, IReadOnlyList<string> others) = await AutomaticCluster.BrokersAsync();
        return await ReadAsync(oracle, group => group.CopiedProgressAsync(master, others));
    }

    /// <summary>Those of the messages that came again which had been consumed, as the brokers knew.</summary>
    public IReadOnlyList<Receipt> Among(IEnumerable<Receipt> repeats) =>
        [.. repeats.Where(repeat => _offsets.TryGetValue((repeat.Group, repeat.Queue), out long consumed) && repeat.Offset < consumed)];

    private static async Task<Consumed> ReadAsync(MessageOracle oracle, Func<ConsumerGroup, Task<IReadOnlyDictionary<int, long>>> readAsync)
    {
        Dictionary<(string Group, string Queue), long> offsets = [];
        foreach (ConsumerGroup group in oracle.Groups.Where(static group => group.Prints))
        {
            foreach ((int queue, long offset) in await readAsync(group))
            {
                offsets[(group.Name, $"{AutomaticCluster.Group}/{queue}")] = offset;
            }
        }

        return new Consumed(offsets);
    }
}
