using RocketOps.Broker.Sending;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>Reader of frames that bring messages, for the handlers of sends and replies. Source: remoting.md §2.2.</summary>
internal static class SendRequestReader
{
    /// <summary>A send as the pipeline wants it, with the messages of a batch counted. Borrows from frame and header.</summary>
    public static SendRequest Read(in RequestFrame frame, in SendMessageRequestHeader header, RemotingConnection connection) => new()
    {
        Topic = header.Topic,
        QueueId = header.QueueId,
        Body = frame.Body,
        Properties = header.Properties,
        Fields = FieldsOf(header, connection),
        // Older clients send a number that means something else.
        MaxReconsumeTimes = frame.Version >= MqVersion.ClientMaxReconsumeTimes ? header.MaxReconsumeTimes : null,
        IsBatch = header.Batch,
        BatchCount = header.Batch ? LogWriter.CountBatch(frame.Body) : 0,
        DefaultTopic = header.DefaultTopic,
    };

    /// <summary>Fields of the record that the message becomes, as its sender says them: without the host that stores it.</summary>
    public static RecordFields FieldsOf(in SendMessageRequestHeader header, RemotingConnection connection) => new()
    {
        Flag = header.Flag,
        SysFlag = header.SysFlag,
        BornTimestamp = header.BornTimestamp,
        BornHost = MessageHost.From(connection.RemoteEndPoint),
        ReconsumeTimes = header.ReconsumeTimes,
    };
}
