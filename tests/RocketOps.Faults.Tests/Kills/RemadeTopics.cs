using System.Collections.Concurrent;
using System.Text;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Topics that are made, filled, read, deleted and made again, each by a worker of its own, over any number of broker deaths. What a topic
/// has is compared with what was acknowledged before each deletion and after it. By plain frames.
/// </summary>
internal sealed class RemadeTopics : IAsyncDisposable
{
    public const string Prefix = "Remade";
    public const int Topics = 4;

    private const int Queues = 2;
    private const int MostMessages = 60;

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ServerUnderTest _server;
    private readonly Workers _workers = new();
    private readonly ConcurrentQueue<string> _violations = [];
    private long _deleted;

    private RemadeTopics(ServerUnderTest server) => _server = server;

    /// <summary>Deletions that were acknowledged.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    public IReadOnlyCollection<string> Violations => _violations;

    public static RemadeTopics Start(ServerUnderTest server)
    {
        RemadeTopics topics = new(server);
        topics._workers.Start(Topics, topics.RemakeAsync);
        return topics;
    }

    /// <summary>Returns when so many more deletions have been acknowledged.</summary>
    public Task DeletedAsync(int more, string when)
    {
        long enough = Deleted + more;
        return _workers.UntilAsync(() => Deleted >= enough, $"topics are deleted {when}", StartPatience);
    }

    public Task StopAsync() => _workers.StopAsync();

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private async Task RemakeAsync(int number)
    {
        string topic = $"{Prefix}{number}";
        Random random = new(number);
        TopicLife life = new(topic);
        await _workers.AgainAsync(_server, async broker =>
        {
            while (!_workers.IsStopping)
            {
                if (life.IsGoing)
                {
                    await DeleteAsync(broker, life);
                }

                if (!life.IsMade)
                {
                    await CheckGoneAsync(broker, life);
                    life.IsMade = true;
                }

                (await RawBroker.CreateTopicAsync(broker, topic, Queues)).Code.Should().Be(RawBroker.Success);
                int messages = random.Next(1, MostMessages);
                for (int message = 0; message < messages; message++)
                {
                    await SendAsync(broker, life);
                }

                await CheckAsync(broker, life);
                life.IsGoing = true;
            }
        });
    }

    private static async Task SendAsync(RawConnection broker, TopicLife life)
    {
        string body = life.NextBody();
        int queue = life.Sent.Count % Queues;
        life.Sent.Add(body);
        RawFrame answer = await RawBroker.SendAsync(broker, life.Topic, queue, Encoding.UTF8.GetBytes(body));
        answer.Code.Should().Be(RawBroker.Success, "{0}: {1}", life.Topic, answer.Remark);
        life.Acknowledged.Add(body);
    }

    private async Task DeleteAsync(RawConnection broker, TopicLife life)
    {
        (await RawBroker.DeleteTopicAsync(broker, life.Topic)).Code.Should().Be(RawBroker.Success);
        Interlocked.Increment(ref _deleted);
        life.BeginAnew();
    }

    /// <summary>A topic whose deletion was acknowledged is not there, whichever start of the broker is asked.</summary>
    private async Task CheckGoneAsync(RawConnection broker, TopicLife life)
    {
        RawFrame answer = await RawBroker.PullAsync(broker, life.Topic, 0, 0);
        if (answer.Code != RawBroker.TopicNotExist)
        {
            _violations.Enqueue($"{life.Topic} is deleted, and a pull is answered {answer.Code}");
        }
    }

    /// <summary>
    /// All that was acknowledged is there, once, and nothing of a generation before. A message comes to its queue a moment after it was
    /// acknowledged.
    /// </summary>
    private async Task CheckAsync(RawConnection broker, TopicLife life)
    {
        List<string> stored = [];
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    stored.Clear();
                    for (int queue = 0; queue < Queues; queue++)
                    {
                        stored.AddRange(await ReadAsync(broker, life.Topic, queue));
                    }

                    return life.Acknowledged.IsSubsetOf(stored);
                },
                $"{life.Topic} has what was acknowledged",
                Patience);
        }
        catch (TimeoutException)
        {
            // What is missing is named below.
        }

        foreach (string body in stored.Where(body => !life.Sent.Contains(body)))
        {
            _violations.Enqueue($"{body} is in {life.Topic}, of a generation that was deleted");
        }

        foreach (string body in stored.GroupBy(static body => body).Where(static same => same.Count() > 1).Select(static same => same.Key))
        {
            _violations.Enqueue($"{body} is twice in {life.Topic}");
        }

        foreach (string body in life.Acknowledged.Except(stored))
        {
            _violations.Enqueue($"{body} was acknowledged and is not in {life.Topic}");
        }
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(RawConnection broker, string topic, int queue)
    {
        List<string> bodies = [];
        IReadOnlyList<RawRecord> page;
        for (long next = 0; (page = await StoredQueues.PullAsync(broker, topic, queue, next)).Count > 0; next = page[^1].QueueOffset + 1)
        {
            bodies.AddRange(page.Select(static record => Encoding.UTF8.GetString(record.Body.Span)));
        }

        return bodies;
    }
}
