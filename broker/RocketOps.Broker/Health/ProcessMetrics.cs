namespace RocketOps.Broker.Health;

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
