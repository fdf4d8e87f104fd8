using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Health;

/// <summary>Part of the metrics page: the figures of some features. Thread-safe.</summary>
internal interface IMetricsPart
{
    void AddTo(MetricsText text);
}

/// <summary>Part of the metrics page about the process: its timers, threads and memory. Thread-safe.</summary>
internal sealed class ProcessMetrics : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        text.Add("rocketops_timers_active", "gauge", "Timers of the process that run.", Timer.ActiveCount);
        text.Add("rocketops_pool_threads", "gauge", "Threads of the thread pool.", ThreadPool.ThreadCount);
        text.Add("rocketops_heap_bytes", "gauge", "Bytes of managed memory that are in use or not yet collected.", GC.GetTotalMemory(forceFullCollection: false));
    }
}

/// <summary>Part of the metrics page about pulls: what was delivered, and how many wait. Thread-safe.</summary>
internal sealed class PullMetrics(PullCounters pulls, ParkedPulls parked) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        text.Add("rocketops_messages_delivered_total", "counter", "Messages delivered to pulls since the start.", pulls.Messages);
        text.Add("rocketops_bytes_delivered_total", "counter", "Bytes of records delivered to pulls since the start.", pulls.Bytes);
        text.Add("rocketops_pulls_parked", "gauge", "Pulls that wait for messages.", parked.Count);
    }
}

/// <summary>Part of the metrics page about the store: its size, its disk and what was stored. Thread-safe.</summary>
internal sealed class StoreMetrics(MessageStore store, UnreadRemovals removals) : IMetricsPart
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
        text.Add(
            "rocketops_store_unread_messages_removed_total", "counter",
                "Messages removed by retention before a group with an offset had read them, since the start; once for each such group.",
                removals.Removed);
        text.Add("rocketops_messages_stored_total", "counter", "Messages stored since the start.", stats.MessagesAppended);
        text.Add("rocketops_bytes_stored_total", "counter", "Bytes of records stored since the start.", stats.BytesAppended);
    }
}
