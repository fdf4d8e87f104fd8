using System.Text.Json;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>
/// The queues of topics that can be read, on all brokers, as name servers tell of them. An answer counts for loadBalancePollNameServerInterval; whoever asks meanwhile gets it, or waits for it. Thread-safe. Source: apache/rocketmq
/// TopicRouteInfoManager 5.5.0.
/// </summary>
internal sealed class ReadableQueues(BrokerSettings settings, CurrentOptions<AssignmentOptions> options, CurrentOptions<PeerOptions> peers, RemotingClient client, TimeProvider time)
{
    /// <summary>Clients name what leads a logical queue after its scope. Source: apache/rocketmq TopicQueueMappingUtils.getMockBrokerName 5.5.0.</summary>
    private const string NoBroker = "__syslo__";

    private const string GlobalScope = "__global__";

    /// <summary>Largest number of queues used of a route on one broker; a list of more would take the memory of the process.</summary>
    private const int MaxQueuesPerBroker = 65_536;

    /// <summary>Topics whose groups leave it to brokers who reads what are few; with more, all are asked for anew.</summary>
    private const int MaxTopics = 10_000;

    /// <summary>A topic may get its route at any moment, and clients without an answer ask each second.</summary>
    private static readonly TimeSpan LifeOfNothing = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Question> _questions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>
    /// Sorted by broker and number; null when no name server knows the topic, or, the first time, none answers. Empty when nothing of it can be read. Of a static topic these are the logical queues, in the words of clients, which
    /// find the broker of each by themselves; Apache's broker gives the numbers of physical ones, which clients take for logical ones.
    /// </summary>
    public Task<IReadOnlyList<MessageQueueKey>?> FindAsync(TopicState topic) => topic.Mapping is { } mapping
        ? Task.FromResult<IReadOnlyList<MessageQueueKey>?>([.. Numbered(topic.Name, NoBroker + (mapping.Scope == GlobalScope ? GlobalScope[2..] : mapping.Scope), mapping.TotalQueues)])
        : FindAsync(topic.Name);

    /// <summary>The same of a topic that is not static.</summary>
    public Task<IReadOnlyList<MessageQueueKey>?> FindAsync(string topic)
    {
        lock (_lock)
        {
            Question? last = _questions.GetValueOrDefault(topic);
            if (last is not null && !IsOver(last))
            {
                return last.Answer;
            }

            if (last is null && _questions.Count >= MaxTopics)
            {
                _questions.Clear();
            }

            IReadOnlyList<MessageQueueKey>? before = last?.Found;
            Question question = new(time.GetTimestamp());
            question.Answer = Task.Run(() => AskAsync(topic, question, before));
            _questions[topic] = question;
            return question.Answer;
        }
    }

    private bool IsOver(Question question) => question.Answer.IsCompleted && time.GetElapsedTime(question.AskedAt) >= (question.Found is null ? LifeOfNothing : options.Value.QueuesPollInterval);

    private async Task<IReadOnlyList<MessageQueueKey>?> AskAsync(string topic, Question question, IReadOnlyList<MessageQueueKey>? before)
    {
        bool isUnknown = false;
        foreach (string nameServer in settings.Current.NameServers)
        {
            try
            {
                RemotingCommand answer = await client.InvokeAsync(nameServer, RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic), peers.Value.ForwardTimeout, CancellationToken.None);
                if (answer.Code == ResponseCode.Success)
                {
                    return question.Found = QueuesOf(topic, BrokerJson.Read(answer.Body.Span, AssignmentJson.Default.RouteBody));
                }

                isUnknown |= answer.Code == ResponseCode.TopicNotExist;
            }
            catch (Exception failure) when (failure is IOException or TimeoutException or JsonException)
            {
                // The next one is asked.
            }
        }

        // Members share what was there before for as long as nobody says anything else.
        return question.Found = isUnknown ? null : before;
    }

    private static IReadOnlyList<MessageQueueKey> QueuesOf(string topic, RouteBody route) =>
    [
        .. (route.Queues ?? [])
            .Where(static queues => queues.IsReadable)
            .DistinctBy(static queues => queues.BrokerName, StringComparer.Ordinal)
            .OrderBy(static queues => queues.BrokerName, StringComparer.Ordinal)
            .SelectMany(queues => Numbered(topic, queues.BrokerName, queues.ReadQueues)),
    ];

    private static IEnumerable<MessageQueueKey> Numbered(string topic, string? brokerName, int count) =>
        Enumerable.Range(0, Math.Clamp(count, 0, MaxQueuesPerBroker)).Select(id => new MessageQueueKey { BrokerName = brokerName, QueueId = id, Topic = topic });

    private sealed class Question(long askedAt)
    {
        private volatile IReadOnlyList<MessageQueueKey>? _found;

        public long AskedAt { get; } = askedAt;

        public Task<IReadOnlyList<MessageQueueKey>?> Answer { get; set; } = Task.FromResult<IReadOnlyList<MessageQueueKey>?>(null);

        /// <summary>Queues in the last answer.</summary>
        public IReadOnlyList<MessageQueueKey>? Found
        {
            get => _found;
            set => _found = value;
        }
    }
}
