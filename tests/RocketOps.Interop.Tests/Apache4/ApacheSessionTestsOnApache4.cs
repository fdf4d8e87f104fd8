using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Apache4;

public sealed class ApacheSessionTestsOnApache4() : ApacheSessionTests(ApacheServer.Version4, oursIsKilled: true, apachesIsKilled: false);
