using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Connections;

/// <summary>Passes what a broker asks a client to the member it is for: the one with the group that the request names. Called on the connections' loops.</summary>
internal sealed class MemberRequests(int code, Func<IReadOnlyList<ClientInstance>> members) : IRequestHandler
{
    /// <summary>Codes of the requests that brokers send to clients. Source: remoting.md §2.6.</summary>
    private static readonly int[] Codes =
    [
        RequestCode.CheckTransactionState, RequestCode.NotifyConsumerIdsChanged, RequestCode.ResetConsumerClientOffset, RequestCode.GetConsumerStatusFromClient,
        RequestCode.GetConsumerRunningInfo, RequestCode.ConsumeMessageDirectly, RequestCode.PushReplyMessageToClient,
    ];

    public static RequestHandlerRegistry RegistryFor(Func<IReadOnlyList<ClientInstance>> members)
    {
        RequestHandlerRegistry registry = new();
        foreach (int code in Codes)
        {
            registry.Add(code, new MemberRequests(code, members));
        }

        return registry;
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        List<(ClientInstance Member, IRequestHandler Handler)> able = [];
        foreach (ClientInstance member in members())
        {
            if (member.Handlers.TryGet(code, out IRequestHandler? handler))
            {
                able.Add((member, handler));
            }
        }

        if (code == RequestCode.NotifyConsumerIdsChanged)
        {
            // It concerns routes and members alike, and costs next to nothing; Java wakes all groups too.
            foreach ((_, IRequestHandler handler) in able)
            {
                handler.Handle(frame, batch);
            }
        }
        else if (Choose(able, frame) is { } chosen)
        {
            chosen.Handle(frame, batch);
        }
        else
        {
            batch.Reply(frame, ResponseCode.RequestCodeNotSupported, "nothing in this client handles that"u8);
        }
    }

    private static IRequestHandler? Choose(List<(ClientInstance Member, IRequestHandler Handler)> able, in RequestFrame frame)
    {
        if (able.Count <= 1)
        {
            return able.Count == 1 ? able[0].Handler : null;
        }

        RemotingCommand request = frame.ToCommand();
        string? group = GroupOf(request);
        foreach ((ClientInstance member, IRequestHandler handler) in able)
        {
            if (handler is ISelectiveHandler selective ? selective.IsFor(request) : group is not null && (member.ConsumerGroup ?? member.ProducerGroup) == group)
            {
                return handler;
            }
        }

        // Nobody waits for it: any of them says so, as if it were alone.
        return able[0].Handler as ISelectiveHandler;
    }

    private static string? GroupOf(RemotingCommand request) =>
        request.Get("consumerGroup") ?? request.Get("group") ?? (request.Code == RequestCode.CheckTransactionState ? GroupOfHalf(request.Body) : null);

    // The half message itself says whose it is.
    private static string? GroupOfHalf(ReadOnlyMemory<byte> body)
    {
        try
        {
            return StoredMessageDecoder.Decode(ref body).Properties.GetValueOrDefault(PropertyNames.ProducerGroup);
        }
        catch (InvalidDataException)
        {
            // Whoever gets it says what is wrong with it.
            return null;
        }
    }
}
