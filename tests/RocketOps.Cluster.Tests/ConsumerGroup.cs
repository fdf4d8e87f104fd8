using System.Globalization;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// A consumer group of unmodified clients beside a test: what its members got all together, and whether they have followed a change of master. The brokers say so: who leads knows every member, has given the group what came
/// since and has its progress, and nobody else gives it anything.
/// </summary>
/// <param name="name">The group's name, or how it begins: Go's program makes the rest up.</param>
/// <param name="topic">What it reads.</param>
/// <param name="members">Its members; they end with it.</param>
internal sealed class ConsumerGroup(string name, string topic, IReadOnlyList<ForeignClient> members) : IAsyncDisposable
{
    private string _name = name;
    private bool _isNamed;

    /// <summary>One Java consumer or more, which receive everything, from the first message on.</summary>
    public static ConsumerGroup Java(string name, string nameServer, string topic, int members, params string[] options) =>
        new(name, topic, [.. Enumerable.Range(0, members).Select(member => ForeignClient.JavaConsumer(nameServer, topic, name, string.Create(CultureInfo.InvariantCulture, $"{name}-{member}"), options))]);

    /// <summary>Go's push consumer of <see cref="ForeignClient.GoTopic"/>. It does not print what it gets.</summary>
    public static ConsumerGroup Go(string nameServer) => new($"{ForeignClient.GoPrefix}_delay_", ForeignClient.GoTopic, [ForeignClient.GoConsumer(nameServer)]) { Prints = false };

    public string Name => _name;

    /// <summary>Whether what members get is known from themselves.</summary>
    public bool Prints { get; private init; } = true;

    /// <summary>What members got, in the order in which they did: they are on one machine, and have one clock.</summary>
    public async Task<IReadOnlyList<Receipt>> ReceiptsAsync()
    {
        List<Receipt> receipts = [];
        foreach (ForeignClient member in members)
        {
            receipts.AddRange((await member.EventsAsync()).Where(static line => line.GetProperty("event").GetString() == "message").Select(line => Receipt.From(line, member)));
        }

        return [.. receipts.OrderBy(static receipt => receipt.At)];
    }

    /// <summary>What came again: from a place that a member had got before, or back from one.</summary>
    public async Task<IReadOnlyList<Receipt>> RepeatsAsync()
    {
        HashSet<(string, long)> places = [];
        return [.. (await ReceiptsAsync()).Where(receipt => receipt.WasSentBack || !places.Add((receipt.Queue, receipt.Offset)))];
    }

    /// <summary>For members that read in order: since a time each queue came in its order, and was one member's at a time, which read on where the one before had come.</summary>
    public async Task InOrderAsync(long since)
    {
        foreach (IGrouping<string, Receipt> queue in (await ReceiptsAsync()).Where(receipt => receipt.At > since).GroupBy(static receipt => receipt.Queue, StringComparer.Ordinal))
        {
            queue.Select(static receipt => receipt.Offset).Should().BeInAscendingOrder("{0} is read by one member of {1} at a time, and in order", queue.Key, Name);
        }
    }

    /// <summary>Returns when the group has followed: the master knows its members, gives them what comes and has their progress, and nobody else does.</summary>
    /// <param name="master">Address of who leads.</param>
    /// <param name="others">Those of the other members of the brokers' group.</param>
    /// <param name="when">For what is said of a group that does not.</param>
    public async Task FollowedAsync(string master, IReadOnlyList<string> others, string when)
    {
        await FindNameAsync(master);
        IReadOnlyDictionary<int, QueueProgress> ends = await BrokerQuestions.ProgressAsync(master, Name, topic);
        await UntilAsync(
            async () =>
            {
                IReadOnlyList<string> known = await BrokerQuestions.SharersAsync(master, Name);
                IReadOnlyDictionary<int, QueueProgress> now = await BrokerQuestions.ProgressAsync(master, Name, topic);
                bool follows = known.Count == members.Count && ends.Count > 0 && ends.All(end => now.TryGetValue(end.Key, out QueueProgress? queue) && queue.Committed > end.Value.End);
                string told = $"{known.Count} of {members.Count} members are known to {master}, which had {Tell(ends)} and has {Tell(now)}";
                foreach (string other in others)
                {
                    // What a member that does not lead knows of progress comes from the master, behind what has been given there: whoever is given something here is ahead of it.
                    IReadOnlyDictionary<int, QueueProgress> there = await BrokerQuestions.ProgressAsync(other, Name, topic);
                    follows &= there.Values.All(static queue => queue.Given <= queue.Committed);
                    told += $"; {other} has {Tell(there)}";
                }

                return (follows, told);
            },
            $"{Name} follows {when}");
    }

    /// <summary>Returns when all members are connected to the master: clients tell it of themselves every 30 s.</summary>
    public Task ConnectedAsync(string master) => UntilAsync(
        async () =>
        {
            IReadOnlyList<string> connected = await BrokerQuestions.MembersAsync(master, Name);
            return (connected.Count == members.Count, string.Join(", ", connected));
        },
        $"the members of {Name} are connected to the master");

    /// <summary>Returns when the master says that nothing is left for the group to consume.</summary>
    public Task AtEndAsync(string master) => UntilAsync(
        async () =>
        {
            IReadOnlyDictionary<int, QueueProgress> now = await BrokerQuestions.ProgressAsync(master, Name, topic);
            return (now.Count > 0 && now.Values.All(static queue => queue.Committed == queue.End), Tell(now));
        },
        $"{Name} is at the end of every queue");

    /// <summary>Progress that the master knows of, by queue, as soon as there is some.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CommittedAsync(string master)
    {
        IReadOnlyDictionary<int, QueueProgress> known = new Dictionary<int, QueueProgress>();
        await UntilAsync(
            async () =>
            {
                known = await BrokerQuestions.ProgressAsync(master, Name, topic);
                return (known.Values.Any(static queue => queue.Committed > 0), Tell(known));
            },
            $"{master} knows of progress of {Name}");
        return known.ToDictionary(static queue => queue.Key, static queue => queue.Value.Committed);
    }

    /// <summary>Progress that the master has had, when the other members of the brokers' group have copied it: whoever leads next begins with as much.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CopiedProgressAsync(string master, IReadOnlyList<string> others)
    {
        IReadOnlyDictionary<int, long> had = await CommittedAsync(master);
        foreach (string other in others)
        {
            await UntilAsync(
                async () =>
                {
                    IReadOnlyDictionary<int, QueueProgress> there = await BrokerQuestions.ProgressAsync(other, Name, topic);
                    return (had.All(queue => there.TryGetValue(queue.Key, out QueueProgress? copy) && copy.Committed >= queue.Value), $"{Tell(there)} of {string.Join(", ", had.Select(static queue => string.Create(CultureInfo.InvariantCulture, $"{queue.Key}: {queue.Value}")))}");
                },
                $"{other} has the progress of {Name}");
        }

        return had;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ForeignClient member in members)
        {
            await member.DisposeAsync();
        }
    }

    private static string Tell(IReadOnlyDictionary<int, QueueProgress> progress) =>
        string.Join(", ", progress.OrderBy(static queue => queue.Key).Select(static queue => string.Create(CultureInfo.InvariantCulture, $"{queue.Key}: {queue.Value.Committed}/{queue.Value.Given}/{queue.Value.End}")));

    private static async Task UntilAsync(Func<Task<(bool Holds, string Told)>> condition, string what)
    {
        string told = string.Empty;
        try
        {
            await KubeCluster.UntilAsync(
                async () =>
                {
                    (bool holds, told) = await condition();
                    return holds;
                },
                what);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}: {told} (consumed/given/end of each queue)", late);
        }
    }

    private Task FindNameAsync(string master) => _isNamed ? Task.CompletedTask : UntilAsync(
        async () =>
        {
            IReadOnlyList<string> names = await BrokerQuestions.GroupsAsync(master, topic);
            if (names.FirstOrDefault(found => found.StartsWith(_name, StringComparison.Ordinal)) is { } found)
            {
                (_name, _isNamed) = (found, true);
            }

            return (_isNamed, string.Join(", ", names));
        },
        $"{_name} reads {topic}");
}
