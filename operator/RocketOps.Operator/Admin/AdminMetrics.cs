using System.Diagnostics;
using System.Diagnostics.Metrics;
using RocketOps.Client;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Admin;

/// <summary>Numbers of the requests to brokers and name servers.</summary>
internal sealed class AdminMetrics
{
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;

    public AdminMetrics(IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        _duration = factory.Create(OperatorMeter.Name)
            .CreateHistogram<double>("rocketops.operator.admin.request.duration", "s", "Duration of requests to brokers and name servers, connecting included, by operation and result.");
    }

    /// <param name="operation">Of a set that the code bounds.</param>
    /// <param name="call">The request; what it throws is thrown.</param>
    public async Task<T> MeasureAsync<T>(string operation, Func<Task<T>> call)
    {
        long started = _time.GetTimestamp();
        string result = "success";
        try
        {
            return await call();
        }
        catch (Exception failed)
        {
            result = ResultOf(failed);
            throw;
        }
        finally
        {
            _duration.Record(_time.GetElapsedTime(started).TotalSeconds, new TagList { { "operation", operation }, { "result", result } });
        }
    }

    /// <summary>Names the result of a failed request. A caller that waits for a pass that is over gives up by the token.</summary>
    private static string ResultOf(Exception failed) => failed switch
    {
        RocketMqException { ResponseCode: not null } => "refused",
        OperationCanceledException => "cancelled",
        _ => "unanswered",
    };
}
