using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace RocketOps.Operator.Logging;

/// <summary>The least severe level that is written, which may change while loggers are in use. What the framework logs is written from warnings on. Thread-safe.</summary>
internal sealed class LogLevelSwitch(LogLevel level) : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private const string FrameworkCategories = "Microsoft";

    private volatile int _level = (int)level;
    private ConfigurationReloadToken _changed = new();

    public string Name => Options.DefaultName;

    public LogLevel Level
    {
        get => (LogLevel)_level;
        set
        {
            _level = (int)value;
            Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
        }
    }

    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    public void Configure(LoggerFilterOptions options)
    {
        options.MinLevel = Level;
        options.Rules.Add(new LoggerFilterRule(providerName: null, FrameworkCategories, (LogLevel)Math.Max((int)LogLevel.Warning, _level), filter: null));
    }
}
