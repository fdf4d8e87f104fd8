using RocketOps.Interop.Tests.Fixtures;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class RocketMqCheckTestsOnRocketOps(RocketOpsFixture fixture, ITestOutputHelper output) : RocketMqCheckTests(fixture, output);
