using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Transactions;

/// <summary>Options of transactions.</summary>
internal sealed class TransactionOptions(PropertyValues values) : IFeatureOptions<TransactionOptions>
{
    public bool RejectTransactions { get; } = values.Get(Keys.RejectTransactionMessage);

    /// <summary>Age from which on the producer of a half is asked.</summary>
    public TimeSpan TransactionTimeout { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.TransactionTimeOut));

    public int TransactionCheckMax { get; } = values.Get(Keys.TransactionCheckMax);

    public TimeSpan TransactionCheckInterval { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.TransactionCheckInterval));

    /// <summary>Time that messages are kept at least, while the disk has room.</summary>
    public TimeSpan FileReservedTime { get; } = TimeSpan.FromHours(values.Get(StoreKeys.FileReservedTime));

    public static TransactionOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> RejectTransactionMessage = Boolean(
            "rejectTransactionMessage", false, live: true,
            description: "Halves of transactions are refused.");

        public static readonly PropertyDefinition<long> TransactionTimeOut = Int64(
            "transactionTimeOut", 6_000, 0, live: true,
            description: "Milliseconds after its birth from which on the producer of a half is asked what became of it.");

        public static readonly PropertyDefinition<int> TransactionCheckMax = Int32(
            "transactionCheckMax", 15, 1, live: true,
            description: "Questions after which a half is given up and kept in TRANS_CHECK_MAX_TIME_TOPIC.");

        public static readonly PropertyDefinition<long> TransactionCheckInterval = Int64(
            "transactionCheckInterval", 30_000, 100, live: true,
            description: "Milliseconds between two rounds of questions.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            RejectTransactionMessage, TransactionTimeOut, TransactionCheckMax, TransactionCheckInterval,
        ];
    }
}
