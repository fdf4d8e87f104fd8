using System.Net;
using Microsoft.Extensions.Logging;

namespace RocketOps.Client.Diagnostics;

/// <summary>Everything the client logs. Ids are stable: 4100–4199.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(EventId = 4100, Level = LogLevel.Warning, Message = "name servers \"{NameServers}\" do not resolve: {Reason}")]
    public static partial void NameServersUnresolved(ILogger logger, string nameServers, string reason);

    [LoggerMessage(EventId = 4101, Level = LogLevel.Debug, Message = "name server {Address} does not answer: {Reason}; trying the next")]
    public static partial void NameServerFailed(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 4102, Message = "route of {Topic} cannot be refreshed: {Reason}")]
    public static partial void RouteRefreshFailed(ILogger logger, LogLevel level, string topic, string reason);

    [LoggerMessage(EventId = 4103, Message = "heartbeat to {Address} failed: {Reason}")]
    public static partial void HeartbeatFailed(ILogger logger, LogLevel level, string address, string reason);

    [LoggerMessage(EventId = 4104, Level = LogLevel.Information, Message = "broker {Address} could not be told that this client leaves: {Reason}")]
    public static partial void UnregisterFailed(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 4105, Level = LogLevel.Error, Message = "the OnError callback threw")]
    public static partial void ErrorCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 4106, Level = LogLevel.Debug, Message = "{Broker} handed on a reply to request {CorrelationId}, which nobody waits for any more")]
    public static partial void ReplyUnexpected(ILogger logger, string? correlationId, EndPoint broker);

    [LoggerMessage(EventId = 4107, Level = LogLevel.Warning, Message = "message {MessageId} has a time of delivery, and {Broker}, which is older than 5.0, delivers it at once; use DelayLevel with such brokers")]
    public static partial void TimeIgnored(ILogger logger, string messageId, string broker);

    [LoggerMessage(EventId = 4108, Level = LogLevel.Error, Message = "{Task} failed in a way nobody foresaw")]
    public static partial void BackgroundBroken(ILogger logger, Exception exception, string task);

    [LoggerMessage(EventId = 4110, Level = LogLevel.Debug, Message = "send to {Queue} failed: {Reason}; attempt {Attempt} of {Attempts}")]
    public static partial void SendFailed(ILogger logger, MessageQueue queue, string reason, int attempt, int attempts);

    [LoggerMessage(EventId = 4111, Level = LogLevel.Warning, Message = "message {MessageId} is stored in {Queue}, but not as safely as the broker is configured to: {Status}")]
    public static partial void StoredLessSafely(ILogger logger, string messageId, MessageQueue queue, SendStatus status);

    [LoggerMessage(EventId = 4112, Level = LogLevel.Warning, Message = "the transaction of message {MessageId} to {Topic} was neither committed nor rolled back; the broker asks the TransactionChecker what became of it")]
    public static partial void TransactionLeftOpen(ILogger logger, string messageId, string topic);

    [LoggerMessage(EventId = 4113, Level = LogLevel.Warning, Message = "a check of message {MessageId} by group {Group} failed; the broker asks again")]
    public static partial void TransactionCheckFailed(ILogger logger, Exception exception, string group, string messageId);

    [LoggerMessage(EventId = 4114, Level = LogLevel.Warning, Message = "{Broker} asked about a transaction of group {Group} while too many questions waited; it asks again")]
    public static partial void TransactionCheckDropped(ILogger logger, string group, EndPoint broker);

    [LoggerMessage(EventId = 4115, Level = LogLevel.Error, Message = "{Broker} asked about a transaction in a way that cannot be read: {Reason}")]
    public static partial void TransactionCheckUnreadable(ILogger logger, EndPoint broker, string reason);

    [LoggerMessage(EventId = 4116, Level = LogLevel.Warning, Message = "{Resolution} of message {MessageId} was not taken: {Reason}; the broker asks again")]
    public static partial void TransactionAnswerFailed(ILogger logger, TransactionResolution resolution, string messageId, string reason);

    [LoggerMessage(EventId = 4117, Level = LogLevel.Warning, Message = "{Broker} asked about a transaction of group {Group}, and this producer has no TransactionChecker; give all producers of the group one")]
    public static partial void TransactionCheckerMissing(ILogger logger, string group, EndPoint broker);

    [LoggerMessage(EventId = 4118, Level = LogLevel.Warning, Message = "the TransactionChecker of group {Group} goes on after its token was cancelled; it is not waited for")]
    public static partial void TransactionCheckerStuck(ILogger logger, string group);

    [LoggerMessage(EventId = 4152, Level = LogLevel.Warning, Message = "{Count} requests of producer group {Group} had no answer {Seconds:0.#} s after it was disposed; their outcome is unknown")]
    public static partial void RequestsCut(ILogger logger, int count, string group, double seconds);

    [LoggerMessage(EventId = 4109, Level = LogLevel.Warning, Message = "traces come faster than {Topic} takes them: {Waiting} wait, and further ones are dropped")]
    public static partial void TraceDropped(ILogger logger, string topic, int waiting);

    [LoggerMessage(EventId = 4119, Level = LogLevel.Warning, Message = "{Count} traces were dropped before {Topic} could take them")]
    public static partial void TraceDroppedMany(ILogger logger, long count, string topic);

    [LoggerMessage(EventId = 4149, Level = LogLevel.Warning, Message = "traces for {Topic} are lost: {Reason}")]
    public static partial void TraceLost(ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 4120, Level = LogLevel.Information, Message = "group {Group} now reads {Count} of {Total} queues of {Topic}")]
    public static partial void Rebalanced(ILogger logger, string group, int count, int total, string topic);

    [LoggerMessage(EventId = 4121, Message = "group {Group} cannot balance {Topic}: {Reason}")]
    public static partial void RebalanceFailed(ILogger logger, LogLevel level, string group, object topic, string reason);

    [LoggerMessage(EventId = 4122, Message = "pull from {Queue} at {Offset} failed: {Reason}; again in {DelayMs} ms")]
    public static partial void PullFailed(ILogger logger, LogLevel level, MessageQueue queue, long offset, string reason, double delayMs);

    [LoggerMessage(EventId = 4123, Level = LogLevel.Warning, Message = "offset {Offset} of {Queue} is outside what the broker holds; going on at {Next}")]
    public static partial void OffsetMoved(ILogger logger, MessageQueue queue, long offset, long next);

    [LoggerMessage(EventId = 4124, Level = LogLevel.Error, Message = "answer of {Queue} at {Offset} holds a record that cannot be read: {Reason}; the rest of the answer is skipped")]
    public static partial void RecordUnreadable(ILogger logger, MessageQueue queue, long offset, string reason);

    [LoggerMessage(EventId = 4125, Level = LogLevel.Error, Message = "message {MessageId} of {Queue} cannot be handed out and is given back: {Reason}")]
    public static partial void BodyUnreadable(ILogger logger, string messageId, MessageQueue queue, string reason);

    [LoggerMessage(EventId = 4126, Level = LogLevel.Warning, Message = "the handler failed for message {MessageId} of {Queue}; it is given back")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string messageId, MessageQueue queue);

    [LoggerMessage(EventId = 4127, Level = LogLevel.Warning, Message = "message {MessageId} of {Queue} could not be given back: {Reason}")]
    public static partial void SendBackFailed(ILogger logger, string messageId, MessageQueue queue, string reason);

    [LoggerMessage(EventId = 4128, Message = "offset {Offset} of {Queue} could not be committed: {Reason}; tried again with the next commit")]
    public static partial void CommitFailed(ILogger logger, LogLevel level, MessageQueue queue, long offset, string reason);

    [LoggerMessage(EventId = 4129, Level = LogLevel.Warning, Message = "broadcast offsets cannot be kept in {Path}: {Reason}")]
    public static partial void BroadcastOffsetsFailed(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4154, Level = LogLevel.Warning, Message = "the broadcast offsets in {Path} are {State}; those before, in {Backup}, count, and what was handled since comes again")]
    public static partial void BroadcastOffsetsFromBackup(ILogger logger, string path, string state, string backup);

    [LoggerMessage(EventId = 4155, Level = LogLevel.Error, Message = "the broadcast offsets in {Path} and in its backup are damaged and were set aside ({Aside}): this member begins with {From} in every queue, so that messages come again or were missed")]
    public static partial void BroadcastOffsetsLost(ILogger logger, string path, string aside, string from);

    [LoggerMessage(EventId = 4130, Level = LogLevel.Warning, Message = "still being handled {Seconds:0.#} s after the stop: {Count} messages; they will be delivered again")]
    public static partial void ShutdownTimedOut(ILogger logger, int count, double seconds);

    [LoggerMessage(EventId = 4131, Level = LogLevel.Error, Message = "reading {Queue} failed in a way nobody foresaw")]
    public static partial void PullBroken(ILogger logger, Exception exception, MessageQueue queue);

    [LoggerMessage(EventId = 4132, Level = LogLevel.Error, Message = "balancing {Topic} for group {Group} failed in a way nobody foresaw")]
    public static partial void RebalanceBroken(ILogger logger, Exception exception, string group, string topic);

    [LoggerMessage(EventId = 4134, Level = LogLevel.Warning, Message = "topic {Topic} does not exist; group {Group} reads it as soon as it is created")]
    public static partial void TopicMissing(ILogger logger, string topic, string group);

    [LoggerMessage(EventId = 4135, Level = LogLevel.Warning, Message = "group {Group} has no offset in {Queue} and begins behind the {Skipped} messages that are there; set ConsumeFromWhere to FirstOffset to read them, or to LastOffset to mean it")]
    public static partial void MessagesSkipped(ILogger logger, string group, MessageQueue queue, long skipped);

    [LoggerMessage(EventId = 4136, Level = LogLevel.Warning, Message = "{Count} messages of group {Group} were received and not completed; no further one comes before one of them is")]
    public static partial void NothingCompleted(ILogger logger, int count, string group);

    [LoggerMessage(EventId = 4137, Message = "group {Group} cannot lock {Count} queues of {Broker}: {Reason}")]
    public static partial void LockFailed(ILogger logger, LogLevel level, string group, string broker, int count, string reason);

    [LoggerMessage(EventId = 4138, Level = LogLevel.Information, Message = "group {Group} cannot give back the locks of {Count} queues of {Broker}: {Reason}; the broker forgets them by itself")]
    public static partial void UnlockFailed(ILogger logger, string group, string broker, int count, string reason);

    [LoggerMessage(EventId = 4139, Level = LogLevel.Warning, Message = "group {Group} could not renew its lock of {Queue} in time and gives the queue up")]
    public static partial void LockExpired(ILogger logger, string group, MessageQueue queue);

    [LoggerMessage(EventId = 4140, Level = LogLevel.Warning, Message = "group {Group} has lost its lock of {Queue} to another member")]
    public static partial void LockLost(ILogger logger, string group, MessageQueue queue);

    [LoggerMessage(EventId = 4141, Level = LogLevel.Information, Message = "group {Group} waits for {Count} queues of {Topic} that another member still has locked")]
    public static partial void LocksAwaited(ILogger logger, string group, int count, string topic);

    [LoggerMessage(EventId = 4142, Level = LogLevel.Warning, Message = "message {MessageId} of {Queue} was not handled; its queue waits and it is tried again in {DelayMs} ms")]
    public static partial void QueueSuspended(ILogger logger, Exception? exception, string messageId, MessageQueue queue, double delayMs);

    [LoggerMessage(EventId = 4143, Level = LogLevel.Warning, Message = "message {MessageId} of {Queue} was not handled in {Attempts} attempts and goes to the dead letters")]
    public static partial void OrderlyMessageBuried(ILogger logger, Exception? exception, string messageId, MessageQueue queue, int attempts);

    [LoggerMessage(EventId = 4144, Level = LogLevel.Warning, Message = "message {MessageId} of {Queue} was not handled and is dropped, as broadcasting has no dead letters")]
    public static partial void MessageDropped(ILogger logger, Exception? exception, string messageId, MessageQueue queue);

    [LoggerMessage(EventId = 4145, Level = LogLevel.Error, Message = "the {Callback} callback of group {Group} threw")]
    public static partial void RebalanceCallbackFailed(ILogger logger, Exception exception, string callback, string group);

    [LoggerMessage(EventId = 4146, Level = LogLevel.Warning, Message = "the expression of group {Group} for topic {Topic} was not checked by {Address}: {Reason}")]
    public static partial void ExpressionNotChecked(ILogger logger, string topic, string group, string address, string reason);

    [LoggerMessage(EventId = 4147, Level = LogLevel.Information, Message = "group {Group} goes on in {Queue} at {Offset}, as an administrator reset it")]
    public static partial void OffsetReset(ILogger logger, string group, MessageQueue queue, long offset);

    [LoggerMessage(EventId = 4148, Level = LogLevel.Error, Message = "{Broker} reset offsets of group {Group} in a way that cannot be read: {Reason}")]
    public static partial void ResetFailed(ILogger logger, string group, string broker, string reason);

    [LoggerMessage(EventId = 4150, Level = LogLevel.Warning, Message = "the handler has message {MessageId} of {Queue} for {Seconds:0.#} s; it is given back for another delivery, and what the handler says does not count")]
    public static partial void HandlerStuck(ILogger logger, string messageId, MessageQueue queue, double seconds);

    [LoggerMessage(EventId = 4151, Level = LogLevel.Warning, Message = "message {MessageId} of {Queue} could not be given back ({Reason}) and was sent to {RetryQueue} instead")]
    public static partial void SentToRetryTopic(ILogger logger, string messageId, MessageQueue queue, string reason, MessageQueue retryQueue);

    [LoggerMessage(EventId = 4153, Level = LogLevel.Error, Message = "message {MessageId} at {Offset} of {Queue} is passed over by group {Group}: no broker takes it back, not even as a dead letter ({Reason}); it stays there as long as any message does")]
    public static partial void MessagePassedOver(ILogger logger, string messageId, MessageQueue queue, long offset, string group, string reason);

    [LoggerMessage(EventId = 4133, Level = LogLevel.Error, Message = "handling the message of {Queue} at {Offset} failed in a way nobody foresaw")]
    public static partial void HandlingBroken(ILogger logger, Exception exception, MessageQueue queue, long offset);

    [LoggerMessage(EventId = 4156, Level = LogLevel.Debug, Message = "broker {Broker} ({Address}) gets no messages while there is another: {Reason}; asked again in {Seconds:0.#} s")]
    public static partial void BrokerAvoided(ILogger logger, string broker, string address, string reason, double seconds);

    [LoggerMessage(EventId = 4157, Level = LogLevel.Debug, Message = "broker {Broker} ({Address}) answers again after {Seconds:0.0} s and gets messages; {Count} attempts to send to it had failed")]
    public static partial void BrokerBack(ILogger logger, string broker, string address, double seconds, long count);

    [LoggerMessage(EventId = 4158, Level = LogLevel.Warning, Message = "{What} waits up to {Seconds:0.#} s for the cluster: {Reason}")]
    public static partial void WaitsForCluster(ILogger logger, string what, double seconds, string reason);

    [LoggerMessage(EventId = 4159, Level = LogLevel.Warning, Message = "{Server} cannot be reached: {Reason}")]
    public static partial void ServerAway(ILogger logger, string server, string reason);

    [LoggerMessage(EventId = 4160, Level = LogLevel.Warning, Message = "{Server} cannot be reached for {Seconds:0} s: {Reason}; {Count} requests have failed")]
    public static partial void ServerStillAway(ILogger logger, string server, double seconds, string reason, long count);

    [LoggerMessage(EventId = 4161, Level = LogLevel.Information, Message = "{Server} answers again after {Seconds:0.0} s; {Count} requests had failed")]
    public static partial void ServerBack(ILogger logger, string server, double seconds, long count);

    [LoggerMessage(EventId = 4162, Level = LogLevel.Error, Message = "the OnServerState callback threw")]
    public static partial void StateCallbackFailed(ILogger logger, Exception exception);
}
