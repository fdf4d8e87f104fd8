using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting;

/// <summary>
/// Lengths of the store's files where the configuration gives none: those of the store that is there, else what suits its volume. They become part of the configuration,
/// so that whoever asks for it is told what is in force.
/// </summary>
internal static class StoreSizes
{
    private static readonly PropertyOrigin Volume = new("the store's volume", 0);

    /// <summary>The same options with every length set.</summary>
    /// <exception cref="StoreIOException">The disk cannot be asked.</exception>
    public static BrokerOptions Fit(BrokerOptions options, IStoreFileSystem files)
    {
        PropertyValues values = options.Values;
        if (values.IsSet(StoreKeys.MappedFileSizeCommitLog))
        {
            // Who chooses one length has the others as RocketMQ has them.
            return options;
        }

        StoreLayout layout = StoreLayout.Find(files, options.StoreRoot, options.CommitLogFolder, values.Get(StoreKeys.StoreVolumeBytes));
        List<PropertyEntry> entries = [];
        Add(StoreKeys.MappedFileSizeCommitLog, layout.CommitLogFileBytes);
        Add(StoreKeys.MappedFileSizeConsumeQueue, layout.ConsumeQueueFileBytes);
        Add(StoreKeys.MapperFileSizeBatchConsumeQueue, layout.BatchConsumeQueueFileBytes);
        Add(StoreKeys.MaxHashSlotNum, layout.IndexSlots);
        Add(StoreKeys.MaxIndexNum, layout.IndexEntries);
        return BrokerOptions.From(PropertyLoader.Apply(values, entries).Values);

        void Add(PropertyDefinition<int> key, int value)
        {
            if (!values.IsSet(key))
            {
                entries.Add(new PropertyEntry(key.Name, value.ToString(CultureInfo.InvariantCulture), Volume));
            }
        }
    }
}
