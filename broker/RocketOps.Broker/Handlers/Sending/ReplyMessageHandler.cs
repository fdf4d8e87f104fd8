using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replies;
using RocketOps.Broker.RequestReply;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>
/// SEND_REPLY_MESSAGE (324) and SEND_REPLY_MESSAGE_V2 (325): a consumer answers a message that asked for it. The reply is handed to the client that waits, and stored
/// besides if <c>storeReplyMessageEnable</c>, whether it was taken or not. What the replying consumer is told is what became of handing it on; a store that fails is only
/// logged, as with RocketMQ. In a group that elects its master that is done by the master, and the client may still be connected to another member. Source: remoting.md §5.11.
/// </summary>
internal sealed partial class ReplyMessageHandler(
    CurrentOptions<SendOptions> options, TopicTable topics, SendPipeline pipeline, SendRefusals refusals, ReplyPusher pusher, MessageAppender appender, BrokerAddress address, MasterForwarder? forwarder, ILogger<ReplyMessageHandler> logger)
    : AsyncRequestHandler
{
    /// <summary>RocketMQ's id of a reply that is not stored.</summary>
    private const string NotStored = "0";

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        Reply reply = Read(request, connection);
        if (forwarder is not null && request.Remark == GroupRequests.ForClientHere)
        {
            ReplyPush here = await pusher.PushAsync(reply.Question, reply.ClientId, cancellationToken);
            return RemotingCommand.CreateResponse(request, here.IsTaken ? ResponseCode.Success : ResponseCode.SystemError, here.Problem);
        }

        SendStatus status = Check(reply, out TopicState? topic);
        if (forwarder is not null && forwarder.Takes(status))
        {
            if (await forwarder.ForwardAsync(connection, request, cancellationToken) is { } answer)
            {
                return answer;
            }

            status = Check(reply, out topic);
        }

        if (status == SendStatus.TopicToBeMade)
        {
            FoundTopic found = await topics.GetOrCreateForSendAsync(reply.Topic.Name, reply.Topic.Default, reply.Topic.DefaultQueueNums, reply.Topic.UnitMode);
            status = found.State is null ? SendRefusals.StatusOf(found.Refusal) : Check(reply, out topic);
        }

        if (status != SendStatus.Stored)
        {
            return WithBrokerFields(refusals.Answer(request, status, reply.Topic.Name, reply.QueueId, topic?.Config));
        }

        int queueId = reply.QueueId >= 0 ? reply.QueueId : Random.Shared.Next(Math.Max(1, topic!.Config.WriteQueueNums));
        ReplyPush push = await pusher.PushAsync(reply.Question, reply.ClientId, cancellationToken);
        if (push.IsUnknown && forwarder is not null && await forwarder.AskOthersAsync(request, cancellationToken))
        {
            push = default;
        }

        RemotingCommand response = WithBrokerFields(RemotingCommand.CreateResponse(request, push.IsTaken ? ResponseCode.Success : ResponseCode.SystemError, push.Problem));
        if (push.IsTaken)
        {
            SetPlace(response, NotStored, queueId, 0);
        }

        if (options.Value.StoreReplies)
        {
            AppendOutcome stored = reply.Question.Body.Length > options.Value.MaxMessageSize
                ? new AppendOutcome(AppendStatus.MessageIllegal, default, WaitOutcome.Failed)
                : await appender.AppendAsync(reply.ToStored(topic!, queueId, address.StoreHost), waitForDisk: true);
            if (stored.Status == AppendStatus.Ok)
            {
                SetPlace(response, OffsetMessageId.Format(address.StoreHost, stored.Result.Offset), queueId, stored.Result.QueueOffset);
            }
            else
            {
                LogNotStored(reply.Topic.Name, reply.ClientId ?? string.Empty, stored.Status);
            }
        }

        return response;
    }

    private SendStatus Check(Reply reply, out TopicState? topic) =>
        pipeline.Check(Encoding.UTF8.GetBytes(reply.Topic.Name), Encoding.UTF8.GetBytes(reply.Topic.Default), reply.QueueId, out topic);

    private Reply Read(RemotingCommand request, RemotingConnection connection)
    {
        RequestCopy copy = new(request);
        RequestFrame frame = copy.Frame;
        SendMessageRequestHeader header = SendMessageRequestHeader.Read(frame, copy.Scratch);
        SendOptions now = options.Value;
        MessageProperties properties = MessageProperties.Parse(header.Properties).Set(PropertyNames.Region, now.RegionId).Set(PropertyNames.TraceOn, now.TraceOn ? "true" : "false");
        byte[] stored = properties.Encode();
        return new Reply(
            AskedTopic.Of(header),
            header.QueueId,
            SendRequestReader.FieldsOf(header, connection),
            stored,
            pusher.Write(frame, header, properties, connection),
            properties.Get(PropertyNames.ReplyToClient));
    }

    private RemotingCommand WithBrokerFields(RemotingCommand response) =>
        response.Set("MSG_REGION", options.Value.RegionId).Set("TRACE_ON", options.Value.TraceOn);

    private static void SetPlace(RemotingCommand response, string messageId, int queueId, long queueOffset) =>
        response.Set("msgId", messageId).Set("queueId", queueId).Set("queueOffset", queueOffset);

    [LoggerMessage(EventId = 3822, Level = LogLevel.Warning, Message = "A reply to client {ClientId} is not stored in {Topic}: {Status}; the client has it if it took it")]
    private partial void LogNotStored(string topic, string clientId, AppendStatus status);

    /// <summary>A reply that outlives its request's bytes, with the frame for the client that waits for it.</summary>
    private sealed record Reply(
        AskedTopic Topic, int QueueId, RecordFields Fields, byte[] Properties, RemotingCommand Question, string? ClientId)
    {
        public OwnedMessage ToStored(TopicState topic, int queueId, MessageHost storeHost) => new()
        {
            Topic = topic.StoreTopic,
            QueueId = queueId,
            Fields = Fields with { StoreHost = storeHost },
            Body = Question.Body,
            Properties = Properties,
        };
    }
}
