using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Client.Tests.Support;

/// <summary>
/// A broker of a few lines: queues in memory, long polling, consumer lists, offsets. Its name server is part of <see cref="FakeCluster"/>. Tests look at what it was asked and
/// may answer a request code themselves.
/// </summary>
internal sealed class FakeBroker : IAsyncDisposable
{
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Topic, int Queue), List<byte[]>> _queues = [];
    private readonly Dictionary<(string Group, string Id), RemotingConnection> _members = [];
    private readonly RemotingServer _server;
    private long _physical;

    private FakeBroker(string name, RequestHandlerRegistry registry, RemotingServer server)
    {
        Name = name;
        _server = server;
        registry.Add(RequestCode.SendMessageV2, Handler(Send));
        registry.Add(RequestCode.SendBatchMessage, Handler(Send));
        registry.Add(RequestCode.HeartBeat, Handler(Heartbeat));
        registry.Add(RequestCode.UnregisterClient, Handler(Unregister));
        registry.Add(RequestCode.GetConsumerListByGroup, Handler(Members));
        registry.Add(RequestCode.QueryConsumerOffset, Handler(QueryOffset));
        registry.Add(RequestCode.UpdateConsumerOffset, Handler(UpdateOffset));
        registry.Add(RequestCode.GetMaxOffset, Handler(request => Success(request).Set("offset", Count(request))));
        registry.Add(RequestCode.GetMinOffset, Handler(request => Success(request).Set("offset", 0)));
        registry.Add(RequestCode.LockBatchMq, Handler(Lock));
        registry.Add(RequestCode.UnlockBatchMq, Handler(Unlock));
        registry.Add(RequestCode.SearchOffsetByTimestamp, Handler(request => Success(request).Set("offset", 1)));
        registry.Add(RequestCode.ConsumerSendMessageBack, Handler(Success));
        registry.Add(RequestCode.CheckClientConfig, Handler(Success));
        registry.Add(RequestCode.EndTransaction, Handler(Success));
        registry.Add(RequestCode.RecallMessage, Handler(request => Success(request).Set("msgId", "C0000202")));
        registry.Add(RequestCode.SendReplyMessageV2, Handler(Send));
        registry.Add(RequestCode.QueryMessage, Handler(static request => RemotingCommand.CreateResponse(request, ResponseCode.QueryNotFound)));
        registry.Add(RequestCode.ViewMessageById, Handler(static request => RemotingCommand.CreateResponse(request, ResponseCode.SystemError)));
        registry.Add(RequestCode.PullMessage, new DelegateHandler(PullAsync));
    }

    public string Name { get; }

    public string Address => _server.EndPoint.ToString();

    public ConcurrentQueue<RemotingCommand> Received { get; } = new();

    /// <summary>Ids of the connections that asked something.</summary>
    public ConcurrentDictionary<string, bool> Connections { get; } = new(StringComparer.Ordinal);

    /// <summary>Offsets by topic, queue.</summary>
    public ConcurrentDictionary<(string Topic, int Queue), long> Offsets { get; } = new();

    /// <summary>Client ids that hold a lock, by topic, queue.</summary>
    public ConcurrentDictionary<(string Topic, int Queue), string> Locks { get; } = new();

    /// <summary>Connections of producers by client id, as heartbeats told.</summary>
    public ConcurrentDictionary<string, RemotingConnection> Producers { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers by request code that replace the broker's own; null from the function falls through to it.</summary>
    public ConcurrentDictionary<int, Func<RemotingCommand, RemotingCommand?>> Overrides { get; } = new();

    /// <summary>Answers by request code that wait for this.</summary>
    public ConcurrentDictionary<int, Task> Holds { get; } = new();

    public static async Task<FakeBroker> StartAsync(string name, int version = MqVersion.V533)
    {
        RequestHandlerRegistry registry = new();
        RemotingServer server = await RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Remoting = new RemotingOptions { Version = version } }, registry, NullLoggerFactory.Instance);
        return new FakeBroker(name, registry, server);
    }

    public RemotingCommand[] Of(int code) => [.. Received.Where(request => request.Code == code)];

    /// <summary>Puts a message at the end of a queue, as if a producer had sent it.</summary>
    public void Append(string topic, int queue, string body, string? tag = null, int sysFlag = 0, string? retryTopic = null, int reconsumeTimes = 0, params (string Name, string Value)[] noted)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal) { ["UNIQ_KEY"] = "id-" + body };
        foreach ((string name, string value) in noted)
        {
            properties[name] = value;
        }

        if (tag is not null)
        {
            properties["TAGS"] = tag;
        }

        if (retryTopic is not null)
        {
            properties["RETRY_TOPIC"] = retryTopic;
        }

        Append(topic, queue, Encoding.UTF8.GetBytes(body), MessagePropertiesCodec.Write(properties), sysFlag, reconsumeTimes);
    }

    /// <summary>Puts messages at the end of a queue as one record, as a batch consume queue has them: each with its text in its id, and with a tag.</summary>
    public void AppendBatch(string topic, int queue, params (string Body, string Tag)[] messages)
    {
        int first;
        lock (_gate)
        {
            first = _queues.TryGetValue((topic, queue), out List<byte[]>? records) ? records.Count : 0;
        }

        string properties = MessagePropertiesCodec.Write([KeyValuePair.Create("UNIQ_KEY", "batch"), KeyValuePair.Create("INNER_NUM", $"{messages.Length}"), KeyValuePair.Create("INNER_BASE", $"{first}")]);
        Append(topic, queue, BatchOf(messages), properties, SysFlags.NeedsUnwrap | SysFlags.InnerBatch, 0, messages.Length);
    }

    /// <summary>A client batch (remoting.md §4.6), written out.</summary>
    public static byte[] BatchOf(params (string Body, string Tag)[] messages) =>
    [
        .. messages.SelectMany(static message =>
        {
            byte[] body = Encoding.UTF8.GetBytes(message.Body);
            byte[] properties = Encoding.UTF8.GetBytes($"UNIQ_KEY\u0001id-{message.Body}\u0002TAGS\u0001{message.Tag}\u0002");
            byte[] entry = new byte[22 + body.Length + properties.Length];
            BinaryPrimitives.WriteInt32BigEndian(entry, entry.Length);
            BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(12), 7);
            BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(16), body.Length);
            body.CopyTo(entry, 20);
            BinaryPrimitives.WriteInt16BigEndian(entry.AsSpan(20 + body.Length), (short)properties.Length);
            properties.CopyTo(entry, 22 + body.Length);
            return entry;
        }),
    ];

    /// <summary>The record of a message, as pulls and checks carry it.</summary>
    public byte[] Record(string topic, int queue, int offset)
    {
        lock (_gate)
        {
            return [.. _queues[(topic, queue)][offset]];
        }
    }

    /// <summary>The texts of a queue, in its order.</summary>
    public string[] Texts(string topic, int queue)
    {
        lock (_gate)
        {
            return !_queues.TryGetValue((topic, queue), out List<byte[]>? records) ? [] :
            [
                .. records.Select(static record =>
                {
                    ReadOnlyMemory<byte> rest = record;
                    return Encoding.UTF8.GetString(StoredMessageDecoder.Decode(ref rest).Body.Span);
                }),
            ];
        }
    }

    /// <summary>Makes a message unreadable, size excepted.</summary>
    public void Damage(string topic, int queue, int offset)
    {
        lock (_gate)
        {
            _queues[(topic, queue)][offset].AsSpan(RecordLayout.MagicAt, sizeof(int)).Clear();
        }
    }

    /// <summary>The connection of the only member of a group.</summary>
    public RemotingConnection MemberOf(string group)
    {
        lock (_gate)
        {
            return _members.Single(member => member.Key.Group == group).Value;
        }
    }

    /// <summary>Tells every member that the group changed.</summary>
    public void NotifyMembers(string group)
    {
        lock (_gate)
        {
            foreach (RemotingConnection member in _members.Where(member => member.Key.Group == group).Select(static member => member.Value))
            {
                member.SendOneWay(RemotingCommand.CreateRequest(RequestCode.NotifyConsumerIdsChanged).Set("consumerGroup", group));
            }
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static RemotingCommand Success(RemotingCommand request) => RemotingCommand.CreateResponse(request, ResponseCode.Success);

    private DelegateHandler Handler(Func<RemotingCommand, RemotingCommand> answer) => Handler((_, request) => answer(request));

    private DelegateHandler Handler(Func<RemotingConnection, RemotingCommand, RemotingCommand> answer) => new(async (connection, request, _) =>
    {
        // Before the test can see the request: then it may let go of those that follow.
        Task? hold = Holds.GetValueOrDefault(request.Code);
        Received.Enqueue(request);
        Connections.TryAdd(connection.Id, true);
        if (hold is not null)
        {
            await hold;
        }

        return Override(request) ?? answer(connection, request);
    });

    private RemotingCommand? Override(RemotingCommand request) => Overrides.TryGetValue(request.Code, out Func<RemotingCommand, RemotingCommand?>? answer) ? answer(request) : null;

    private RemotingCommand Send(RemotingCommand request)
    {
        if (request.Get("m") == "true")
        {
            return SendBatch(request);
        }

        long offset = Append(request.GetRequired("b"), request.GetRequiredInt32("e"), request.Body.ToArray(), request.GetRequired("i"), request.GetRequiredInt32("f"), 0);
        return Success(request).Set("msgId", "7F0000010000000000000000" + offset.ToString("X8", CultureInfo.InvariantCulture)).Set("queueId", request.Get("e")).Set("queueOffset", offset);
    }

    // Every message of it by itself, as brokers store them (remoting.md §4.6).
    private RemotingCommand SendBatch(RemotingCommand request)
    {
        List<string> ids = [];
        long first = -1;
        ReadOnlySpan<byte> rest = request.Body.Span;
        while (!rest.IsEmpty)
        {
            int bodyBytes = BinaryPrimitives.ReadInt32BigEndian(rest[16..]);
            ReadOnlySpan<byte> properties = rest.Slice(22 + bodyBytes, BinaryPrimitives.ReadInt16BigEndian(rest[(20 + bodyBytes)..]));
            long offset = Append(request.GetRequired("b"), request.GetRequiredInt32("e"), rest.Slice(20, bodyBytes).ToArray(), Encoding.UTF8.GetString(properties), 0, 0);
            first = first < 0 ? offset : first;
            ids.Add("7F0000010000000000000000" + offset.ToString("X8", CultureInfo.InvariantCulture));
            rest = rest[BinaryPrimitives.ReadInt32BigEndian(rest)..];
        }

        return Success(request).Set("msgId", string.Join(',', ids)).Set("queueId", request.Get("e")).Set("queueOffset", first);
    }

    private RemotingCommand Heartbeat(RemotingConnection connection, RemotingCommand request)
    {
        using JsonDocument body = JsonDocument.Parse(request.Body);
        if (body.RootElement.GetProperty("producerDataSet").GetArrayLength() > 0)
        {
            Producers[body.RootElement.GetProperty("clientID").GetString()!] = connection;
        }

        string id = body.RootElement.GetProperty("clientID").GetString()!;
        foreach (string group in body.RootElement.GetProperty("consumerDataSet").EnumerateArray().Select(static group => group.GetProperty("groupName").GetString()!))
        {
            bool isNew;
            lock (_gate)
            {
                isNew = !_members.ContainsKey((group, id));
                _members[(group, id)] = connection;
            }

            if (isNew)
            {
                NotifyMembers(group);
            }
        }

        return Success(request);
    }

    private RemotingCommand Unregister(RemotingCommand request)
    {
        if (request.Get("consumerGroup") is { } group)
        {
            lock (_gate)
            {
                _members.Remove((group, request.GetRequired("clientID")));
            }

            NotifyMembers(group);
        }

        return Success(request);
    }

    private RemotingCommand Members(RemotingCommand request)
    {
        RemotingCommand response = Success(request);
        lock (_gate)
        {
            response.Body = Encoding.UTF8.GetBytes("{\"consumerIdList\":[" + string.Join(',', _members.Keys.Where(member => member.Group == request.Get("consumerGroup")).Select(static member => $"\"{member.Id}\"")) + "]}");
        }

        return response;
    }

    private RemotingCommand QueryOffset(RemotingCommand request) =>
        Offsets.TryGetValue((request.GetRequired("topic"), request.GetRequiredInt32("queueId")), out long offset)
            ? Success(request).Set("offset", offset)
            : RemotingCommand.CreateResponse(request, ResponseCode.QueryNotFound, "Not found");

    private RemotingCommand UpdateOffset(RemotingCommand request)
    {
        Offsets[(request.GetRequired("topic"), request.GetRequiredInt32("queueId"))] = request.GetRequiredInt64("commitOffset");
        return Success(request);
    }

    private RemotingCommand Lock(RemotingCommand request)
    {
        using JsonDocument body = JsonDocument.Parse(request.Body);
        string id = body.RootElement.GetProperty("clientId").GetString()!;
        RemotingCommand response = Success(request);
        response.Body = Encoding.UTF8.GetBytes("{\"lockOKMQSet\":[" + string.Join(',', body.RootElement.GetProperty("mqSet").EnumerateArray()
            .Where(queue => Locks.GetOrAdd(KeyOf(queue), id) == id).Select(static queue => queue.GetRawText())) + "]}");
        return response;
    }

    private RemotingCommand Unlock(RemotingCommand request)
    {
        using JsonDocument body = JsonDocument.Parse(request.Body);
        foreach (JsonElement queue in body.RootElement.GetProperty("mqSet").EnumerateArray())
        {
            Locks.TryRemove(new KeyValuePair<(string, int), string>(KeyOf(queue), body.RootElement.GetProperty("clientId").GetString()!));
        }

        return Success(request);
    }

    private static (string Topic, int Queue) KeyOf(JsonElement queue) => (queue.GetProperty("topic").GetString()!, queue.GetProperty("queueId").GetInt32());

    private async ValueTask<RemotingCommand?> PullAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        Received.Enqueue(request);
        if (Override(request) is { } overridden)
        {
            return overridden;
        }

        long begin = Environment.TickCount64;
        while (true)
        {
            if (Read(request) is { } found)
            {
                return found;
            }

            if (Environment.TickCount64 - begin > Hold.TotalMilliseconds)
            {
                return Answer(request, ResponseCode.PullNotFound, request.GetRequiredInt64("queueOffset"), default);
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    private RemotingCommand? Read(RemotingCommand request)
    {
        long offset = request.GetRequiredInt64("queueOffset");
        lock (_gate)
        {
            if (!_queues.TryGetValue((request.GetRequired("topic"), request.GetRequiredInt32("queueId")), out List<byte[]>? records) || offset >= records.Count)
            {
                return null;
            }

            byte[][] found = [.. records.Skip((int)offset).Take(request.GetRequiredInt32("maxMsgNums"))];

            // A record of several messages lies at the offset of each, and comes once.
            return Answer(request, ResponseCode.Success, offset + found.Length, found.Distinct().SelectMany(static record => record).ToArray());
        }
    }

    private static RemotingCommand Answer(RemotingCommand request, int code, long next, ReadOnlyMemory<byte> body)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, code).Set("suggestWhichBrokerId", 0).Set("nextBeginOffset", next).Set("minOffset", 0).Set("maxOffset", next);
        response.Body = body;
        return response;
    }

    private long Count(RemotingCommand request)
    {
        lock (_gate)
        {
            return _queues.TryGetValue((request.GetRequired("topic"), request.GetRequiredInt32("queueId")), out List<byte[]>? records) ? records.Count : 0;
        }
    }

    // The record layout of remoting.md §4.1, written out.
    private long Append(string topic, int queue, byte[] body, string properties, int sysFlag, int reconsumeTimes, int offsets = 1)
    {
        byte[] topicBytes = Encoding.UTF8.GetBytes(topic);
        byte[] propertyBytes = Encoding.UTF8.GetBytes(properties);
        byte[] record = new byte[88 + body.Length + 1 + topicBytes.Length + 2 + propertyBytes.Length];
        lock (_gate)
        {
            if (!_queues.TryGetValue((topic, queue), out List<byte[]>? records))
            {
                _queues[(topic, queue)] = records = [];
            }

            BinaryPrimitives.WriteInt32BigEndian(record, record.Length);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(4), RecordLayout.MagicV1);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(12), queue);
            BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(20), records.Count);
            BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(28), _physical);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(36), sysFlag);
            BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(40), 1_731_999_999_000);
            IPAddress.Loopback.TryWriteBytes(record.AsSpan(48), out _);
            BinaryPrimitives.WriteInt64BigEndian(record.AsSpan(56), 1_731_999_999_001);
            IPAddress.Loopback.TryWriteBytes(record.AsSpan(64), out _);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(68), _server.EndPoint.Port);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(72), reconsumeTimes);
            BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(84), body.Length);
            body.CopyTo(record, 88);
            record[88 + body.Length] = (byte)topicBytes.Length;
            topicBytes.CopyTo(record, 89 + body.Length);
            BinaryPrimitives.WriteInt16BigEndian(record.AsSpan(89 + body.Length + topicBytes.Length), (short)propertyBytes.Length);
            propertyBytes.CopyTo(record, 91 + body.Length + topicBytes.Length);
            _physical += record.Length;
            records.AddRange(Enumerable.Repeat(record, offsets));
            return records.Count - offsets;
        }
    }
}
