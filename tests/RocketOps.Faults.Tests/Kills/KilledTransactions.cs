using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Producers that begin transactions, commit two of three and roll the others back, and leave every fourth one to be asked about, over any
/// number of broker deaths.
/// </summary>
internal sealed class KilledTransactions : IAsyncDisposable
{
    public const string Topic = "Paid";
    public const int Queues = 4;

    private const int Producers = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ServerUnderTest _server;
    private readonly Workers _workers = new();
    private readonly List<RocketMqProducer> _producers = [];
    private readonly ConcurrentBag<SentMessage> _sent = [];
    private readonly ConcurrentBag<string> _ended = [];
    private long _begun;

    private KilledTransactions(ServerUnderTest server) => _server = server;

    /// <summary>Transactions whose message was acknowledged.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    public static KilledTransactions Start(ServerUnderTest server)
    {
        KilledTransactions transactions = new(server);
        for (int number = 0; number < Producers; number++)
        {
            transactions._producers.Add(transactions.NewProducer(number));
        }

        transactions._workers.Start(Producers, transactions.ProduceAsync);
        return transactions;
    }

    /// <summary>Returns when so many more have begun.</summary>
    public Task BegunAsync(int more, string when)
    {
        long enough = Begun + more;
        return _workers.UntilAsync(() => Begun >= enough, $"transactions begin {when}", Patience);
    }

    /// <summary>No more are begun; what is open is still answered for.</summary>
    public Task StopAsync() => _workers.StopAsync();

    /// <summary>
    /// What is wrong when all that is committed is visible, or should be. A transaction whose end was not answered may be visible twice: a
    /// kill between its message and the note that it is settled has the broker ask again (decision 0032).
    /// </summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        IReadOnlyList<Reading> stored = [];
        HashSet<string> committed = new(
            _sent.Where(static message => message is { IsAcknowledged: true, IsRolledBack: false }).Select(static message => message.Body),
            StringComparer.Ordinal);
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    stored = await StoredQueues.ReadAllAsync(_server.BrokerAddress, Topic, Queues);
                    return committed.IsSubsetOf(stored.Select(static reading => reading.Body));
                },
                "what is committed is visible",
                Patience);
        }
        catch (TimeoutException)
        {
            // What is missing is named below.
        }

        HashSet<string> rolledBack = new(
            _sent.Where(static message => message.IsRolledBack).Select(static message => message.Body), StringComparer.Ordinal);
        HashSet<string> ended = new(_ended, StringComparer.Ordinal);
        ILookup<string, Reading> byBody = stored.ToLookup(static reading => reading.Body);
        return
        [
            .. committed.Where(body => !byBody.Contains(body)).Select(static body => $"{body} is committed and not visible"),
            .. byBody.Where(same => same.Count() > (ended.Contains(same.Key) ? 1 : 2))
                .Select(static same => $"visible too often: {string.Join(" and ", same)}"),
            .. stored.Where(reading => rolledBack.Contains(reading.Body)).Select(static reading => $"rolled back and visible: {reading}"),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _workers.DisposeAsync();
        foreach (RocketMqProducer producer in _producers)
        {
            await producer.DisposeAsync();
        }
    }

    // All that are asked about one say the same.
    private static bool IsRolledBack(string body) =>
        int.Parse(body.AsSpan()[(body.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture) % 3 == 0;

    private RocketMqProducer NewProducer(int number) => new(new ProducerOptions
    {
        NameServers = _server.NameServerAddress,
        Group = "paid",
        InstanceName = $"paid-{number}",
        RequestTimeout = Patience,
        SendTimeout = Patience,
        HeartbeatInterval = TimeSpan.FromSeconds(1),
        RouteRefreshInterval = TimeSpan.FromSeconds(1),
        TransactionChecker = static (message, _) =>
            ValueTask.FromResult(IsRolledBack(message.GetText()) ? TransactionResolution.Rollback : TransactionResolution.Commit),
        OnError = static _ => { },
    });

    private async Task ProduceAsync(int number)
    {
        RocketMqProducer producer = _producers[number];
        for (int sequence = 0; !_workers.IsStopping; sequence++)
        {
            string key = $"t{number}";
            string body = SentMessage.BodyOf(Topic, key, sequence);
            bool isBegun = false;
            try
            {
                IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message(Topic, body));
                isBegun = true;
                Interlocked.Increment(ref _begun);
                if (sequence % 4 != 0)
                {
                    await (IsRolledBack(body) ? transaction.RollbackAsync() : transaction.CommitAsync());
                    _ended.Add(body);
                }
            }
            catch (RocketMqException)
            {
                // An end that did not arrive is asked for later.
                await Eventually.TrueAsync(
                    async () => _workers.IsStopping || await RawConnection.IsListeningAsync(_server.BrokerAddress),
                    "the broker listens again",
                    Patience);
            }
            finally
            {
                _sent.Add(new SentMessage(Topic, key, sequence, isBegun, IsRolledBack(body)));
            }
        }
    }
}
