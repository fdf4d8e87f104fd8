using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Feature of the broker: makes its parts when it is constructed, of those of the modules it is given.</summary>
internal interface IBrokerModule
{
    /// <summary>Adds the request codes that the feature serves.</summary>
    void AddCodes(RequestHandlerRegistry registry, MasterRouting routing);
}
