using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Producing.Transactions;

/// <summary>
/// Builds END_TRANSACTION (37). Java sends it one-way; here it is answered, so that a commit that returns has happened. Source: remoting.md §2.2, §5.4.
/// </summary>
internal static class EndTransaction
{
    /// <param name="resolution">Commit or rollback; what is unknown is not sent.</param>
    /// <param name="group">Producer group of the half.</param>
    /// <param name="topic">Topic the message is meant for.</param>
    /// <param name="brokerName">The broker that has the half; null when it is not known.</param>
    /// <param name="halfOffset">Position among the halves, as the send was answered.</param>
    /// <param name="commitLogOffset">Byte offset of the half in the broker's commit log.</param>
    /// <param name="messageId">Unique key of the message.</param>
    /// <param name="answersCheck">Whether the broker asked.</param>
    public static RemotingCommand Request(
        TransactionResolution resolution, string group, string topic, string? brokerName, long halfOffset, long commitLogOffset, string messageId, bool answersCheck) =>
        RemotingCommand.CreateRequest(RequestCode.EndTransaction)
            .Set("topic", topic)
            .Set("producerGroup", group)
            .Set("tranStateTableOffset", halfOffset)
            .Set("commitLogOffset", commitLogOffset)
            .Set("commitOrRollback", resolution == TransactionResolution.Commit ? SysFlags.TransactionCommit : SysFlags.TransactionRollback)
            .Set("fromTransactionCheck", answersCheck)
            .Set("msgId", messageId)
            .Set("transactionId", messageId)
            .Set("bname", brokerName);
}
