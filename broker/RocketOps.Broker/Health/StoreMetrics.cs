using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Health;

/// <summary>Part of the metrics page about the store: its size, its disk and what was stored. Thread-safe.</summary>
internal sealed class StoreMetrics(MessageStore store) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        StoreStats stats = store.GetStats();
        const string Storage = ",storage_type=\"local\",storage_medium=\"disk\"";
        text.Add("rocketmq_storage_size", "gauge", "Bytes of the commit log.", stats.MaxOffset.Value - stats.MinOffset.Value, Storage);
        text.Add("rocketmq_storage_flush_behind_bytes", "gauge", "Bytes not yet on disk.", stats.MaxOffset.Value - stats.DurableOffset.Value, Storage);
        text.Add("rocketmq_storage_dispatch_behind_bytes", "gauge", "Bytes consumers do not see yet.", stats.DispatchBehindBytes, Storage);
        text.Add("rocketops_disk_available_bytes", "gauge", "Bytes of the commit log's disk that are free, as of the last look at it; -1 while unknown.", stats.DiskAvailableBytes);
        text.Add("rocketops_disk_full", "gauge", "1 while sends are refused for want of room.", stats.Shortage == DiskShortage.None ? 0 : 1);
        text.Add("rocketops_messages_stored_total", "counter", "Messages stored since the start.", stats.MessagesAppended);
        text.Add("rocketops_bytes_stored_total", "counter", "Bytes of records stored since the start.", stats.BytesAppended);
    }
}
